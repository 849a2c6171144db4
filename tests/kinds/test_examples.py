"""The shipped examples: every row is good, and every kind is answered without a key."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import tomllib
import zipfile
from pathlib import Path

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer, Settings
from evalapp.providers.messages import Provider
from evalapp.providers.recorded import Recorded
from evalapp.providers.simulated import Simulated

EXAMPLES = Path(__file__).parents[2] / "examples"
MODELS_FILES = ("models.toml", "models-openai.toml", "models-local.toml")


def json_lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.split("\n") if line]


def records(kind: str) -> list[dict[str, object]]:
    if kind == "classify":
        return [
            dict(row) for row in csv.DictReader(io.StringIO((EXAMPLES / "classify.csv").read_text("utf-8")))
        ]
    if kind == "caption":
        with zipfile.ZipFile(EXAMPLES / "caption.zip") as archive:
            return json_lines(archive.read("tasks.jsonl").decode())
    return json_lines((EXAMPLES / f"{kind}.jsonl").read_text("utf-8"))


def payloads(kind: str) -> list[dict[str, object]]:
    checked = [KINDS[kind].check(record) for record in records(kind)]
    assert [problems for _, problems in checked if problems] == []
    settled = KINDS[kind].settle([payload for payload, _ in checked if payload is not None])
    if kind == "caption":
        with zipfile.ZipFile(EXAMPLES / "caption.zip") as archive:
            for payload in settled:
                payload["image_bytes"] = archive.read(str(payload["image"]))
                payload["image"] = {"sha256": "", "media_type": "image/png"}
    return settled


def answered(kind: str, provider: Provider, model: str) -> list[Answer]:
    settings = Settings(model=model)
    outcomes = asyncio.run(KINDS[kind].answer(payloads(kind), settings, provider))
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    assert len(answers) == len(outcomes) == len(records(kind))
    return answers


@pytest.mark.parametrize(
    ("kind", "least"),
    [("qa", 12), ("summarize", 4), ("code", 6), ("caption", 4), ("classify", 24), ("chat", 4)],
)
def test_there_are_enough_rows_with_ids_of_their_own(kind: str, least: int) -> None:
    ids = [record["id"] for record in records(kind)]
    assert len(ids) == len(set(ids)) >= least


@pytest.mark.parametrize("kind", KINDS)
def test_two_simulated_models_answer_every_row_and_differ(kind: str) -> None:
    small, large = (answered(kind, Simulated(latency_ms=0), f"quartz-{size}") for size in ("mini", "grand"))
    assert all(answer.output for answer in small + large)
    different = [one.output != other.output for one, other in zip(small, large, strict=True)]
    assert any(different) if kind == "classify" else all(different)


@pytest.mark.parametrize("model", ["atlas-mini", "atlas-grand"])
def test_the_recording_answers_every_question(model: str) -> None:
    recording = Recorded.from_file(EXAMPLES / "recordings" / "geography.jsonl")
    assert all(answer.output for answer in answered("qa", recording, model))


def test_one_conversation_has_ten_turns() -> None:
    turns = [record["turns"] for record in records("chat")]
    assert max(len(each) for each in turns if isinstance(each, list)) == 10


@pytest.mark.parametrize("name", MODELS_FILES)
def test_every_name_in_a_models_file_leads_somewhere_and_every_model_has_a_price(name: str) -> None:
    models = tomllib.loads((EXAMPLES / name).read_text("utf-8"))
    endpoints = {endpoint["name"] for endpoint in models["endpoint"]}
    assert {model["endpoint"] for model in models["model"]} == endpoints
    assert {system["model"] for system in models["system"]} == {model["name"] for model in models["model"]}
    assert all(model["price"] for model in models["model"])
    for endpoint in models["endpoint"]:
        assert (EXAMPLES / endpoint.get("recording", ".")).exists()


def test_every_key_of_the_models_files_is_described() -> None:
    described = (EXAMPLES / "README.md").read_text("utf-8")
    for name in MODELS_FILES:
        models = tomllib.loads((EXAMPLES / name).read_text("utf-8"))
        tables = [table for group in models.values() for table in group]
        tables += [price for model in models["model"] for price in model["price"]]
        for key in {key for table in tables for key in table if key != "price"}:
            assert f"`{key}`" in described

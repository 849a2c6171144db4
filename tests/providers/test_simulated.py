"""Simulated models: repeatable, unlike each other, believable for every kind, silent about themselves."""

from __future__ import annotations

import asyncio
import io
import json
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from evalapp.providers.messages import (
    ChatReply,
    ChatRequest,
    ImagePart,
    JsonSchema,
    Message,
    Sampling,
    TextPart,
)
from evalapp.providers.simulated import LARGE, SMALL, Simulated, profile_of

EXAMPLES = Path(__file__).parents[2] / "examples"
QUESTIONS = [
    json.loads(line)["prompt"] for line in (EXAMPLES / "qa.jsonl").read_text("utf-8").split("\n") if line
]
DOCUMENTS = [
    json.loads(line)["document"]
    for line in (EXAMPLES / "summarize.jsonl").read_text("utf-8").split("\n")
    if line
]


def ask(model: str, text: str, *, seed: int = 0, **changes: object) -> ChatReply:
    request = replace(ChatRequest(model, (Message("user", text),)), **changes)  # type: ignore[arg-type]
    return answered([request], seed=seed)[0]


def answered(requests: list[ChatRequest], *, seed: int = 0) -> list[ChatReply]:
    """The replies, on a clock that only the provider's own sleeps move."""
    now_s = [0.0]

    async def sleep(seconds: float) -> None:
        now_s[0] += seconds

    async def all_of() -> list[ChatReply]:
        provider = Simulated(seed=seed, sleep=sleep, clock=lambda: now_s[0])
        return [await provider(request) for request in requests]

    return asyncio.run(all_of())


def test_the_same_request_gives_the_same_reply() -> None:
    assert ask("quartz-mini", QUESTIONS[0]) == ask("quartz-mini", QUESTIONS[0])


@pytest.mark.parametrize("question", QUESTIONS)
def test_model_and_seed_change_the_answer(question: str) -> None:
    texts = {
        ask(model, question, seed=seed).text for model in ("quartz-mini", "quartz-grand") for seed in (0, 1)
    }
    assert len(texts) >= 3


def test_a_large_model_says_more_and_takes_longer_than_a_small_one() -> None:
    small = [ask("quartz-mini", question) for question in QUESTIONS]
    large = [ask("quartz-grand", question) for question in QUESTIONS]
    assert statistics.mean(len(reply.text) for reply in large) > 2 * statistics.mean(
        len(reply.text) for reply in small
    )
    assert statistics.median(reply.latency_ms for reply in large) > 2 * statistics.median(
        reply.latency_ms for reply in small
    )


def test_the_name_of_a_model_decides_its_profile() -> None:
    assert (profile_of("quartz-mini"), profile_of("Quartz-Grand")) == (SMALL, LARGE)
    assert SMALL.latency_ms < profile_of("quartz").latency_ms < LARGE.latency_ms


def test_times_are_drawn_around_the_profile_and_really_waited() -> None:
    requests = [ChatRequest("quartz-mini", (Message("user", f"Question {n}"),)) for n in range(400)]
    times = [reply.latency_ms for reply in answered(requests)]
    assert statistics.median(times) == pytest.approx(SMALL.latency_ms, rel=0.1)
    assert len(set(times)) == 400


def test_a_streamed_answer_has_its_first_token_before_its_last() -> None:
    reply = ask("quartz-mini", QUESTIONS[0], stream=True)
    assert reply.first_token_ms == pytest.approx(0.3 * reply.latency_ms)
    assert reply.text == ask("quartz-mini", QUESTIONS[0]).text


@pytest.mark.parametrize("model", ["quartz-mini", "quartz-grand"])
def test_no_answer_says_who_gave_it(model: str) -> None:
    said = " ".join(ask(model, text).text for text in QUESTIONS + DOCUMENTS).lower()
    assert not [
        word for word in ("quartz", "simulat", "language model", "assistant", "as an ai") if word in said
    ]


@pytest.mark.parametrize("model", ["quartz-mini", "quartz-grand"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_long_text_is_summed_up_in_its_own_sentences(model: str, document: str) -> None:
    reply = ask(model, f"Summarise this.\n\n{document}")
    flat = " ".join(document.split())
    assert 0 < len(reply.text) < len(flat) / 2
    assert all(sentence.strip(" .") in flat for sentence in reply.text.split(". "))


@pytest.mark.parametrize("model", ["quartz-mini", "quartz-grand"])
def test_code_comes_in_one_fenced_block_that_compiles(model: str) -> None:
    request = ChatRequest(
        model,
        (
            Message("system", "Answer with one fenced code block."),
            Message("user", "Write a Python function `merged(intervals)` that joins intervals."),
        ),
    )
    text = answered([request])[0].text
    assert text.count("```") == 2
    source = text.split("```python\n")[1].split("```")[0]
    compile(source, "answer", "exec")
    assert "def merged(intervals)" in source


def test_a_picture_is_described_by_its_colours() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 30), (250, 250, 250)).save(buffer, "PNG")
    request = ChatRequest(
        "quartz-mini",
        (Message("user", (TextPart("What is this?"), ImagePart(buffer.getvalue(), "image/png"))),),
    )
    broken = replace(request, messages=(Message("user", (ImagePart(b"nothing", "image/png"),)),))
    white, unclear = answered([request, broken])
    assert "white" in white.text.lower()
    assert unclear.text == "A picture that cannot be made out."


def test_an_answer_by_schema_satisfies_it() -> None:
    schema = {
        "type": "object",
        "properties": {
            "answers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "item": {"type": "integer"},
                        "label": {"type": "string", "enum": ["cat", "dog"]},
                    },
                },
            },
            "sure": {"type": "boolean"},
            "why": {"type": "string"},
            "score": {"type": "number"},
        },
    }
    items = "\n".join(json.dumps({"item": n, "text": "my cat sleeps"}) for n in range(1, 21))
    answer = json.loads(
        ask("quartz-grand", f"Label these.\n{items}", response_schema=JsonSchema("labels", schema)).text
    )
    assert set(answer) == {"answers", "sure", "why", "score"}
    assert {entry["label"] for entry in answer["answers"]} <= {"cat", "dog"}
    assert {entry["item"] for entry in answer["answers"]} <= set(range(1, 21))
    assert sum(entry["label"] == "cat" for entry in answer["answers"]) > 15


def test_limits_and_stop_texts_are_kept() -> None:
    whole = ask("quartz-grand", QUESTIONS[0])
    cut = ask("quartz-grand", QUESTIONS[0], sampling=Sampling(max_tokens=8))
    stopped = ask("quartz-grand", QUESTIONS[0], sampling=Sampling(stop=(" ",)))
    assert (whole.finish_reason, cut.finish_reason, stopped.finish_reason) == ("stop", "length", "stop")
    assert cut.usage.output_tokens <= 8
    assert " " not in stopped.text


def test_usage_is_the_providers_own_report() -> None:
    reply = ask("quartz-mini", "one two three")
    assert (reply.usage.input_tokens, reply.usage.estimated) == (4, False)
    assert json.loads(reply.raw)["usage"]["completion_tokens"] == reply.usage.output_tokens


def test_log_probabilities_come_when_asked_for() -> None:
    assert ask("quartz-mini", QUESTIONS[0]).mean_logprob is None
    assert (ask("quartz-mini", QUESTIONS[0], logprobs=True).mean_logprob or 0.0) < 0.0

"""A run as training data: what was asked as the kind asks it, the output, and where it is from."""

import io
import json
import zipfile

import pytest

from evalapp.generation.distilling import Example, can_be_a_pair, examples_of, write_zip
from evalapp.models import Generation, Image, Run
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import make_asked_run, make_system

pytestmark = pytest.mark.django_db


def unpacked(examples: list[Example]) -> dict[str, list[dict[str, object]]]:
    file = io.BytesIO()
    write_zip(file, examples)
    with zipfile.ZipFile(file) as archive:
        return {
            name: [json.loads(line) for line in archive.read(name).decode().split("\n") if line]
            for name in archive.namelist()
            if name.endswith(".jsonl")
        }


def first_of(run: Run) -> Example:
    return next(iter(examples_of(run)))


def test_a_run_becomes_one_line_for_each_output_with_its_provenance_beside_it() -> None:
    run = make_asked_run(make_task_set(samples=3), make_system())
    Generation.objects.filter(run=run, sample__key="s1").update(
        checks={"exact_match": True, "output": "long"}
    )
    files = unpacked(list(examples_of(run)))
    assert sorted(files) == ["chat.jsonl", "provenance.jsonl"]
    assert files["chat.jsonl"][1] == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What is the capital of Peru?"},
            {"role": "assistant", "content": "Answer 2"},
        ]
    }
    assert files["provenance.jsonl"][1] == {
        "chat_line": 2,
        "preference_line": None,
        "run": run.pk,
        "task_set": "tasks",
        "task_set_checksum": run.task_set.checksum,
        "kind": "qa",
        "sample": "s1",
        "system": "small",
        "served_by": "",
        "fallback_reason": "",
        "imported": False,
        "checks": {"exact_match": True},
    }


def test_refused_cut_failed_and_repeated_outputs_are_left_out() -> None:
    run = make_asked_run(make_task_set(samples=5), make_system())
    first, second, third, fourth, fifth = run.generations.order_by("pk")
    Generation.objects.filter(pk=first.pk).update(state="refused")
    Generation.objects.filter(pk=second.pk).update(finish_reason="length")
    Generation.objects.filter(pk=third.pk).update(state="failed", output=None)
    Generation.objects.filter(pk=fourth.pk).update(replicate=1)
    assert [each.provenance["sample"] for each in examples_of(run)] == [fifth.sample.key]


@pytest.mark.parametrize(
    ("kind", "asked", "answered", "pair"),
    [
        ("qa", ["What is the capital of Peru?"], "x s0", True),
        ("summarize", ["In one line.\n\nA long story."], "x s0", True),
        ("code", ["def add(a, b):"], "x s0", True),
        ("chat", ["Hello", "x s0", "And now?"], "x s0 again", False),
    ],
)
def test_each_kind_is_put_as_it_is_put_to_a_model(
    kind: str, asked: list[str], answered: str, pair: bool
) -> None:
    found = first_of(make_run(make_task_set(kind=kind, samples=1), "x"))
    assert [each["content"] for each in found.messages if each["role"] != "system"] == asked
    assert (found.preferred, can_be_a_pair(found)) == (answered, pair)


def test_a_long_document_is_asked_about_whole() -> None:
    task_set = make_task_set(kind="summarize", samples=1)
    task_set.samples.update(payload={"document": "word " * 50_000})
    found = first_of(make_run(task_set, "x"))
    assert len(found.messages) == 1
    assert str(found.messages[0]["content"]).count("word") == 50_000


def test_a_label_is_learnt_in_the_form_in_which_labels_are_asked_for() -> None:
    task_set = make_task_set(kind="classify", samples=1)
    found = first_of(make_run(task_set, "x", text="card"))
    assert json.loads(found.preferred) == {"answers": [{"item": 1, "label": "card"}]}
    assert 'text": "Where is my card?"' in str(found.messages[-1]["content"])


def test_a_picture_goes_along_and_makes_no_pair() -> None:
    Image.objects.create(sha256="0" * 64, media_type="image/png", width=1, height=1, data=b"png")
    found = first_of(make_run(make_task_set(kind="caption", samples=1), "x"))
    (message,) = found.messages
    assert "data:image/png;base64," in json.dumps(message)
    assert not can_be_a_pair(found)


def test_the_same_run_gives_the_same_bytes() -> None:
    run = make_asked_run(make_task_set(samples=3), make_system())
    one, other = io.BytesIO(), io.BytesIO()
    assert write_zip(one, examples_of(run)) == write_zip(other, examples_of(run)) == 3
    assert one.getvalue() == other.getvalue()

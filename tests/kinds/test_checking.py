"""Records of every kind: what is taken, and every problem named with its field and its remedy."""

from __future__ import annotations

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import FieldProblem

GOOD: dict[str, dict[str, object]] = {
    "qa": {"prompt": "Why?", "reference": "Because."},
    "summarize": {"document": "A long text.", "instruction": "Be brief.", "reference": "Short."},
    "code": {"prompt": "Add.", "tests": "assert add(1, 1) == 2", "entry_point": "add", "language": "Python"},
    "caption": {"image": "cat.png", "prompt": "What is it?", "reference": "A cat."},
    "classify": {"text": "Hello", "label": "greeting", "labels": ["greeting", "question"]},
    "chat": {"turns": ["Hello", "And?"]},
}

# Kind, record, the field with the problem, words of the message.
BAD: list[tuple[str, dict[str, object], str, str]] = [
    ("qa", {}, "prompt", "is missing; what the model is asked"),
    ("qa", {"prompt": ""}, "prompt", "is empty"),
    ("qa", {"prompt": " \n"}, "prompt", "is empty"),
    ("qa", {"prompt": None}, "prompt", "is empty"),
    ("qa", {"prompt": 42}, "prompt", "expected a text, found a number"),
    ("qa", {"prompt": True}, "prompt", "found true or false"),
    ("qa", {"prompt": ["a"]}, "prompt", "found a list"),
    ("qa", {"prompt": {"a": 1}}, "prompt", "found an object"),
    ("qa", {"prompt": "a", "refernce": "b"}, "refernce", "did you mean “reference”?"),
    ("qa", {"prompt": "a", "xyz": "b"}, "xyz", "use one of: prompt, reference, id, outputs"),
    ("summarize", {"text": "a long text"}, "document", "is missing"),
    ("code", {"prompt": "a"}, "tests", "is missing"),
    ("code", {"prompt": "a", "tests": "assert ("}, "tests", "not Python source"),
    ("code", {"prompt": "a", "tests": "pass", "entry_point": "add()"}, "entry_point", "not a Python name"),
    ("caption", {"image": "cat.svg"}, "image", "not a picture we can send"),
    ("caption", {"image": "cat"}, "image", "use .png, .jpg, .jpeg, .webp, .gif"),
    ("classify", {"text": "a", "labels": ["x"]}, "labels", "only one label"),
    ("classify", {"text": "a", "labels": ["x", "y", "x"]}, "labels", "“x” is listed more than once"),
    (
        "classify",
        {"text": "a", "label": "z", "labels": ["x", "y"]},
        "label",
        "not one of this row's labels: x, y",
    ),
    ("classify", {"text": "a", "labels": "x, y"}, "labels", "expected a list of texts, for example"),
    ("chat", {"turns": []}, "turns", "the list is empty"),
    ("chat", {"turns": "Hello"}, "turns", "expected a list of texts, for example"),
    ("chat", {"turns": '"Hello"'}, "turns", "found a text"),
    ("chat", {"turns": ["a", 2]}, "turns", "entry 2 is a number"),
    ("chat", {"turns": ["", "b"]}, "turns", "entry 1 is empty"),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_record_becomes_its_payload_unchanged(kind: str) -> None:
    record = GOOD[kind]
    assert KINDS[kind].check(record | {"id": "1", "outputs": {"a": "b"}}) == (record, [])


@pytest.mark.parametrize("kind", KINDS)
def test_optional_fields_may_be_left_out_or_left_empty_as_in_csv(kind: str) -> None:
    required = {field.name: GOOD[kind][field.name] for field in KINDS[kind].fields if field.required}
    empty = {field.name: "" for field in KINDS[kind].fields if not field.required}
    assert KINDS[kind].check(required) == (required, [])
    assert KINDS[kind].check(required | empty) == (required, [])


@pytest.mark.parametrize(("kind", "record", "field", "words"), BAD)
def test_a_bad_record_names_the_field_and_the_remedy(
    kind: str, record: dict[str, object], field: str, words: str
) -> None:
    payload, problems = KINDS[kind].check(record)
    assert payload is None
    assert words in " ".join(problem.message for problem in problems if problem.field == field)


def test_all_problems_of_a_record_are_named_at_once() -> None:
    payload, problems = KINDS["code"].check({"prompt": 1, "tests": "(", "entry_point": "a b", "nonsense": 1})
    assert payload is None
    assert sorted(problem.field for problem in problems) == ["entry_point", "nonsense", "prompt", "tests"]


def test_lists_may_come_as_json_text() -> None:
    assert KINDS["chat"].check({"turns": '["Hello", "And?"]'}) == ({"turns": ["Hello", "And?"]}, [])


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_described_and_the_kind_knows_its_name(kind: str) -> None:
    assert KINDS[kind].name == kind
    assert all(field.meaning for field in KINDS[kind].fields)
    assert any(field.required for field in KINDS[kind].fields)
    assert KINDS[kind].batch_size >= 1


def test_problems_are_values() -> None:
    assert KINDS["qa"].check({"prompt": "a", "reference": 1})[1] == [
        FieldProblem("reference", "expected a text, found a number; put it in double quotes")
    ]

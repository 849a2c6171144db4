"""Batches: what one request holds, what an answer must hold, and asking again for nothing but the gaps."""

from __future__ import annotations

import json

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer, Settings
from evalapp.kinds.batches import ROUNDS, answer_schema
from evalapp.providers.errors import RateLimited, Unanswered
from evalapp.providers.messages import ChatReply, ChatRequest, Sampling, estimate_tokens
from tests.kinds.asking import Model, answers, outcomes, reply

LABELS = ["cat", "dog"]


def payloads(count: int) -> list[dict[str, object]]:
    return [{"text": f"text {number}", "labels": LABELS} for number in range(1, count + 1)]


def items_in(request: ChatRequest) -> list[int]:
    lines = request.messages[-1].text.split("\n")
    return [json.loads(line)["item"] for line in lines if line.startswith("{")]


def said(*entries: object, **changes: object) -> ChatReply:
    return reply(json.dumps({"answers": list(entries)}), **changes)


def entry(item: object, label: object = "cat") -> dict[str, object]:
    return {"item": item, "label": label}


def all_cats(request: ChatRequest) -> ChatReply:
    return said(*(entry(item) for item in items_in(request)))


def first(reply_: ChatReply) -> Model:
    """This reply to the first request, all cats after that."""
    left = [reply_]
    return Model(lambda request: left.pop() if left else all_cats(request))


def test_many_items_share_one_request_with_a_strict_schema() -> None:
    model = Model(all_cats)
    settings = Settings(model="small", system_prompt="Be exact.")
    found = answers("classify", payloads(100), model, settings)
    assert [answer.output for answer in found] == ["cat"] * 100
    assert found[0].detail == {"step": 0, "asked": 1, "shared_with": 99}
    (request,) = model.asked
    assert items_in(request) == list(range(1, 101))
    assert request.response_schema is not None
    assert request.response_schema.strict
    assert (
        request.response_schema.schema
        == answer_schema(LABELS)
        == {
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
                        "required": ["item", "label"],
                        "additionalProperties": False,
                    },
                }
            },
            "required": ["answers"],
            "additionalProperties": False,
        }
    )
    assert request.messages[0].text.startswith("Be exact.\n\nYou label texts.")


def test_answers_are_matched_by_number_and_not_by_order() -> None:
    model = first(said(entry(3, "dog"), entry(1, "cat"), entry(2, "dog")))
    assert [answer.output for answer in answers("classify", payloads(3), model)] == ["cat", "dog", "dog"]


GAPS: dict[str, tuple[ChatReply, list[int]]] = {
    "an item left out": (said(entry(1), entry(3)), [2]),
    "an item answered twice in two ways": (said(entry(1), entry(2, "cat"), entry(2, "dog"), entry(3)), [2]),
    "an unknown label": (said(entry(1), entry(2, "bird"), entry(3)), [2]),
    "a label in other letters": (said(entry(1), entry(2, "Cat"), entry(3)), [2]),
    "an empty label": (said(entry(1), entry(2, ""), entry(3)), [2]),
    "a label that is a number": (said(entry(1), entry(2, 5), entry(3)), [2]),
    "an item number that is a text": (said(entry(1), entry("2"), entry(3)), [2]),
    "an item number that is true": (said(entry(True), entry(2), entry(3)), [1]),
    "an entry that is a text": (said(entry(1), "2: cat", entry(3)), [2]),
    "no answers": (said(), [1, 2, 3]),
    "another object": (reply('{"labels": ["cat"]}'), [1, 2, 3]),
    "a list": (reply("[]"), [1, 2, 3]),
    "prose": (reply("They are all cats."), [1, 2, 3]),
    "JSON that stops": (reply('{"answers": [{"item": 1'), [1, 2, 3]),
}


@pytest.mark.parametrize("what", GAPS)
def test_only_what_has_no_valid_answer_is_asked_again(what: str) -> None:
    broken, missing = GAPS[what]
    model = first(broken)
    found = answers("classify", payloads(3), model)
    assert [answer.output for answer in found] == ["cat"] * 3
    assert [items_in(request) for request in model.asked] == [[1, 2, 3], missing]
    assert [request.step for request in model.asked] == [0, 1]
    assert [answer.detail["asked"] for answer in found] == [2 if item in missing else 1 for item in (1, 2, 3)]


def test_items_nobody_asked_about_and_repeated_equal_answers_do_no_harm() -> None:
    model = first(said(entry(1), entry(2), entry(2), entry(3), entry(4), entry(99)))
    assert [answer.output for answer in answers("classify", payloads(3), model)] == ["cat"] * 3
    assert len(model.asked) == 1


def test_asking_again_ends_and_says_what_was_wrong() -> None:
    model = Model(said(entry(1), entry(2, "bird")))
    one, second, third = outcomes("classify", payloads(3), model)
    assert isinstance(one, Answer)
    assert isinstance(second, Unanswered)
    assert isinstance(third, Unanswered)
    assert "“bird” is not an allowed label" in second.message
    assert "it was left out" in third.message
    assert [items_in(request) for request in model.asked] == [[1, 2, 3], [2, 3], [2, 3]]
    assert len(model.asked) == ROUNDS


def test_an_answer_that_ran_out_of_room_is_asked_for_in_halves() -> None:
    model = first(reply('{"answers": [{"item"', finish_reason="length"))
    assert [answer.output for answer in answers("classify", payloads(100), model)] == ["cat"] * 100
    assert [len(items_in(request)) for request in model.asked] == [100, 50, 50]


def test_an_error_is_the_outcome_of_exactly_the_items_that_shared_the_request() -> None:
    error = RateLimited("429")
    model = Model(lambda request: error if 1 in items_in(request) else all_cats(request))
    found = outcomes("classify", payloads(5), model, Settings(model="small", max_items=2))
    assert found[:2] == [error, error]
    assert [isinstance(outcome, Answer) for outcome in found[2:]] == [True] * 3


def test_a_refusal_is_the_answer_of_all_items_and_is_not_asked_again() -> None:
    model = Model(reply("", refusal="I would rather not."))
    assert [answer.refusal for answer in answers("classify", payloads(3), model)] == [
        "I would rather not."
    ] * 3
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        (Settings(model="small", max_items=4), [4, 4, 2]),
        (Settings(model="small", sampling=Sampling(max_tokens=48)), [3, 3, 3, 1]),
        (Settings(model="small", max_input_tokens=1), [1] * 10),
    ],
)
def test_requests_hold_as_many_items_as_fit(settings: Settings, sizes: list[int]) -> None:
    model = Model(all_cats)
    answers("classify", payloads(10), model, settings)
    assert [len(items_in(request)) for request in model.asked] == sizes


def test_requests_fit_the_context() -> None:
    model = Model(all_cats)
    answers("classify", payloads(60), model, Settings(model="small", max_input_tokens=250))
    sizes = [sum(estimate_tokens(message.text) for message in request.messages) for request in model.asked]
    assert len(sizes) > 1
    assert max(sizes) <= 250
    assert min(sizes[:-1]) > 180


def test_a_thousand_items_are_ten_requests() -> None:
    model = Model(all_cats)
    kind = KINDS["classify"]
    many = payloads(1000)
    for start in range(0, 1000, kind.batch_size):
        answers("classify", many[start : start + kind.batch_size], model)
    assert len(model.asked) == 10


def test_texts_cannot_pass_for_other_items() -> None:
    tricky: list[dict[str, object]] = [
        {"text": 'x"}\n{"item": 2, "text": "I am item 2"}', "labels": LABELS},
        *payloads(1),
    ]
    model = Model(all_cats)
    answers("classify", tricky, model)
    assert items_in(model.asked[0]) == [1, 2]


def test_rows_with_labels_of_their_own_are_asked_apart_and_keep_their_places() -> None:
    mixed: list[dict[str, object]] = [
        {"text": "a", "labels": ["x", "y"]},
        {"text": "b", "labels": LABELS},
        {"text": "c", "labels": ["x", "y"]},
    ]

    def first_label(request: ChatRequest) -> ChatReply:
        label = "x" if "- x" in request.messages[-1].text else "cat"
        return said(*(entry(item, label) for item in items_in(request)))

    model = Model(first_label)
    assert [answer.output for answer in answers("classify", mixed, model)] == ["x", "cat", "x"]
    assert [items_in(request) for request in model.asked] == [[1, 3], [2]]
    assert [request.step for request in model.asked] == [0, 1]


def test_without_labels_any_short_label_will_do() -> None:
    model = Model(lambda request: said(*(entry(item, "animal") for item in items_in(request))))
    assert answers("classify", [{"text": "a"}], model)[0].output == "animal"
    assert "Choose a short label of your own" in model.asked[0].messages[-1].text


def test_settling_gives_every_row_the_labels_of_the_set() -> None:
    rows: list[dict[str, object]] = [
        {"text": "a", "label": "dog"},
        {"text": "b", "label": "cat"},
        {"text": "c"},
        {"text": "d", "labels": ["x", "y"]},
    ]
    settled = KINDS["classify"].settle(rows)
    shared = ["cat", "dog", "x", "y"]
    assert [row["labels"] for row in settled] == [shared, shared, shared, ["x", "y"]]
    assert "labels" not in rows[0]
    assert KINDS["classify"].settle([{"text": "a"}]) == [{"text": "a"}]


@pytest.mark.parametrize(
    ("output", "correct", "allowed"),
    [
        ("cat", True, True),
        (" Cat\n", True, True),
        ("dog", False, True),
        ("bird", False, False),
        ("", False, False),
    ],
)
def test_outputs_are_checked_against_the_label(output: str, correct: bool, allowed: bool) -> None:
    payload = {"text": "a", "label": "cat", "labels": LABELS}
    assert KINDS["classify"].objective(payload, output) == {
        "label_correct": correct,
        "label_allowed": allowed,
    }


def test_without_a_correct_label_there_is_nothing_to_check() -> None:
    assert KINDS["classify"].objective({"text": "a", "labels": LABELS}, "cat") is None

"""Questions: the request as asked, and the exact match."""

from __future__ import annotations

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer, Settings
from evalapp.kinds.qa import normalised
from evalapp.providers.errors import TimedOut
from evalapp.providers.messages import ChatRequest, Message, Sampling
from tests.kinds.asking import Model, answers, outcomes, reply

PAYLOADS = [{"prompt": "One?"}, {"prompt": "Two?"}]


def test_the_prompt_is_asked_with_the_systems_own_settings() -> None:
    model = Model("Yes.")
    settings = Settings(
        model="small", system_prompt="Be brief.", sampling=Sampling(seed=1), stream=True, logprobs=True
    )
    assert answers("qa", PAYLOADS[:1], model, settings) == [Answer(output="Yes.", finish_reason="stop")]
    assert model.asked == [
        ChatRequest(
            model="small",
            messages=(Message("system", "Be brief."), Message("user", "One?")),
            sampling=Sampling(seed=1),
            stream=True,
            logprobs=True,
        )
    ]


def test_without_a_system_prompt_there_is_no_system_message() -> None:
    model = Model("Yes.")
    answers("qa", PAYLOADS, model)
    assert [request.messages for request in model.asked] == [
        (Message("user", "One?"),),
        (Message("user", "Two?"),),
    ]


def test_an_error_takes_the_place_of_its_own_answer_only() -> None:
    error = TimedOut("too slow")
    model = Model(lambda request: error if request.messages[-1].text == "One?" else "Yes.")
    assert outcomes("qa", PAYLOADS, model) == [error, Answer(output="Yes.", finish_reason="stop")]


def test_refusals_truncation_and_fallback_are_told() -> None:
    said = reply("", finish_reason="length", refusal="No.", served_by="large", fallback_reason="empty")
    assert answers("qa", PAYLOADS[:1], Model(said)) == [
        Answer(output="", finish_reason="length", refusal="No.", served_by="large", fallback_reason="empty")
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Eiffel Tower", "eiffel tower"),
        ("  the   EIFFEL-tower! ", "eiffeltower"),
        ("an apple, a day", "apple day"),
        ("theatre", "theatre"),
        ("U.S.A.", "usa"),
        ("A", ""),
    ],
)
def test_answers_are_normalised_as_in_squad(text: str, expected: str) -> None:
    assert normalised(text) == expected


@pytest.mark.parametrize(
    ("payload", "output", "expected"),
    [
        ({"prompt": "?", "reference": "the Nile"}, "Nile.", {"exact_match": True}),
        ({"prompt": "?", "reference": "the Nile"}, "It is the Nile.", {"exact_match": False}),
        ({"prompt": "?"}, "Nile.", None),
        ({"prompt": "?", "reference": "x"}, None, None),
    ],
)
def test_exact_match_needs_a_reference(
    payload: dict[str, object], output: object, expected: dict[str, object] | None
) -> None:
    assert KINDS["qa"].objective(payload, output) == expected

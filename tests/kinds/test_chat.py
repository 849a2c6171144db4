"""Conversations: every turn sees what was said before it."""

from __future__ import annotations

from typing import cast

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Settings
from evalapp.providers.errors import ServerFailed
from evalapp.providers.messages import Message, Usage
from tests.kinds.asking import Model, answers, outcomes, reply

TEN = {"turns": [f"question {number}" for number in range(10)]}


def test_ten_turns_are_asked_in_order_with_the_conversation_so_far() -> None:
    model = Model(lambda request: f"answer {request.step}")
    answer = answers("chat", [TEN], model, Settings(model="small", system_prompt="Be kind."))[0]
    assert answer.output == [f"answer {number}" for number in range(10)]
    assert [request.step for request in model.asked] == list(range(10))
    assert model.asked[2].messages == (
        Message("system", "Be kind."),
        Message("user", "question 0"),
        Message("assistant", "answer 0"),
        Message("user", "question 1"),
        Message("assistant", "answer 1"),
        Message("user", "question 2"),
    )


def test_every_turn_keeps_its_time_tokens_and_end() -> None:
    model = Model(
        lambda request: reply(
            "a", latency_ms=10.0 * request.step, usage=Usage(request.step, 1), first_token_ms=1.0
        )
    )
    answer = answers("chat", [{"turns": ["one", "two"]}], model)[0]
    turns = cast("list[dict[str, object]]", answer.detail["turns"])
    assert turns[1] == {
        "step": 1,
        "finish_reason": "stop",
        "refused": False,
        "latency_ms": 10.0,
        "first_token_ms": 1.0,
        "input_tokens": 1,
        "output_tokens": 1,
    }


def test_a_cut_or_refused_turn_marks_the_conversation_and_does_not_end_it() -> None:
    said = [reply("half", finish_reason="length"), reply("", refusal="No."), reply("whole")]
    model = Model(lambda request: said[request.step])
    answer = answers("chat", [{"turns": ["one", "two", "three"]}], model)[0]
    assert (answer.output, answer.finish_reason, answer.refusal) == (
        ["half", "No.", "whole"],
        "length",
        "No.",
    )
    assert model.asked[2].messages[3] == Message("assistant", "No.")


def test_a_failed_turn_ends_the_conversation() -> None:
    error = ServerFailed("500")
    model = Model(lambda request: error if request.step == 1 else "fine")
    assert outcomes("chat", [TEN], model) == [error]
    assert len(model.asked) == 2


def test_a_payload_without_turns_is_a_fault_of_ours() -> None:
    with pytest.raises(TypeError, match="turns"):
        outcomes("chat", [{"turns": "hello"}], Model("x"))


def test_conversations_have_no_check_but_people() -> None:
    assert KINDS["chat"].objective(TEN, ["a"]) is None

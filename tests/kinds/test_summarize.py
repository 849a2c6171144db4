"""Summaries: one request or many, merged until they fit, with the plan kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Settings
from evalapp.providers.errors import InputTooLong, ServerFailed
from evalapp.providers.messages import ChatReply, ChatRequest, Message
from evalapp.registry.tokenizing import counter_for
from tests.kinds.asking import Model, answers, outcomes, reply


def count(text: str) -> int:
    return len(text.split())


def narrow(limit: int) -> Settings:
    return Settings(model="small", max_input_tokens=limit, count_tokens=count)


# 50,000 different words in paragraphs of 50 sentences of 10 words.
LONG = "\n\n".join(
    " ".join(
        " ".join(f"w{(paragraph * 50 + sentence) * 10 + word}" for word in range(10)) + "."
        for sentence in range(50)
    )
    for paragraph in range(100)
)


def plan_of(detail: object) -> list[dict[str, int]]:
    return cast("dict[str, list[dict[str, int]]]", detail)["parts"]


def test_a_document_that_fits_is_one_request() -> None:
    model = Model("Short.")
    payload = {"document": "A text.", "instruction": "What happens?"}
    answer = answers("summarize", [payload], model)[0]
    assert (answer.output, answer.detail) == ("Short.", {"levels": 0, "parts": []})
    assert [request.messages for request in model.asked] == [(Message("user", "What happens?\n\nA text."),)]


def test_without_an_instruction_a_plain_one_is_used() -> None:
    model = Model("Short.")
    answers("summarize", [{"document": "A text."}], model)
    assert model.asked[0].messages[-1].text == "Summarise the following text.\n\nA text."


def test_fifty_thousand_words_are_read_to_the_last_one() -> None:
    def note(request: ChatRequest) -> str:
        words = [
            word for word in request.messages[-1].text.split() if word.startswith("w") and word[1:2].isdigit()
        ]
        return f"{words[0]} {words[-1]}"

    model = Model(note)
    answer = answers("summarize", [{"document": LONG}], model, narrow(2000))[0]
    assert answer.output == "w0 w49999."
    plan = plan_of(answer.detail)
    first_level = [part for part in plan if part["level"] == 0]
    assert "".join(LONG[part["start"] : part["end"]] for part in first_level) == LONG
    assert [part["step"] for part in plan] == list(range(len(plan)))
    assert sorted(request.step for request in model.asked) == list(range(len(plan) + 1))
    assert all(count(request.messages[-1].text) <= 2000 for request in model.asked)


def test_notes_that_do_not_fit_together_are_cut_and_noted_again() -> None:
    def note(request: ChatRequest) -> str:
        return " ".join(request.messages[-1].text.split()[-60:])

    model = Model(note)
    answer = answers("summarize", [{"document": LONG}], model, narrow(400))[0]
    assert cast("int", answer.detail["levels"]) >= 2
    assert all(count(request.messages[-1].text) <= 400 for request in model.asked)


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-4", "smollm2-135m-instruct"])
def test_no_request_outgrows_the_room_as_real_tokenizers_count_it(model: str) -> None:
    count_real = counter_for(model)
    settings = Settings(
        model=model, system_prompt="Be brief.", max_input_tokens=3000, count_tokens=count_real
    )
    asked = Model(lambda request: f"About {len(request.messages[-1].text)} characters were read. " * 20)
    answer = answers("summarize", [{"document": LONG}], asked, settings)[0]
    plan = plan_of(answer.detail)
    assert "".join(LONG[part["start"] : part["end"]] for part in plan if part["level"] == 0) == LONG
    assert all(part["tokens"] == count_real(LONG[part["start"] : part["end"]]) for part in plan[:5])
    for request in asked.asked:
        assert sum(count_real(message.text) for message in request.messages) <= 3000


@pytest.mark.parametrize("places", [1, 4, 32])
def test_parts_are_asked_at_the_same_time_as_far_as_there_are_places(places: int) -> None:
    out, most = 0, 0

    async def ask(request: ChatRequest) -> ChatReply:
        nonlocal out, most
        out += 1
        most = max(most, out)
        await asyncio.sleep(0)
        out -= 1
        return reply("a note")

    settings = replace(narrow(1000), max_parallel=places)
    asyncio.run(KINDS["summarize"].answer([{"document": LONG}], settings, ask))
    assert most == places


def test_a_part_that_fails_fails_the_sample_after_all_parts_have_answered() -> None:
    error = ServerFailed("500")
    model = Model(lambda request: error if request.step == 3 else "a note")
    assert outcomes("summarize", [{"document": LONG}], model, narrow(2000)) == [error]
    assert len(model.asked) > 20


def test_a_fault_of_ours_is_not_swallowed() -> None:
    def broken(request: ChatRequest) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        outcomes("summarize", [{"document": LONG}], Model(broken), narrow(2000))


def test_a_model_whose_notes_are_no_shorter_is_given_up() -> None:
    model = Model(lambda request: request.messages[-1].text * 2)
    outcome = outcomes("summarize", [{"document": LONG}], model, narrow(2000))[0]
    assert isinstance(outcome, InputTooLong)
    assert "never end" in outcome.message


def test_instructions_that_fill_the_context_are_named() -> None:
    payload = {"document": LONG, "instruction": "word " * 100}
    outcome = outcomes("summarize", [payload], Model("x"), narrow(120))[0]
    assert isinstance(outcome, InputTooLong)
    assert "leave no room" in outcome.message


def test_a_cut_part_marks_the_whole_summary_as_cut() -> None:
    model = Model(lambda request: reply("a note", finish_reason="length" if request.step == 0 else "stop"))
    assert answers("summarize", [{"document": LONG}], model, narrow(2000))[0].finish_reason == "length"


def test_length_and_compression_are_computed() -> None:
    kind = KINDS["summarize"]
    assert kind.objective({"document": "one two three four"}, "one two") == {"words": 2, "compression": 0.5}
    assert kind.objective({}, "one two") is None
    assert kind.objective({"document": "one"}, None) is None

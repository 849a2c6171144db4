"""A real model through the real client over HTTP: what providers promise, and what kinds make of it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace

from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer, Settings
from evalapp.providers.messages import ChatReply, ChatRequest, JsonSchema, Message, Sampling
from evalapp.providers.openai_compatible import OpenAICompatible
from evalapp.registry.tokenizing import counter_for
from operating import local_model

REQUEST = ChatRequest(
    model=local_model.NAME,
    messages=(Message("user", "Tell me about the river Nile."),),
    sampling=Sampling(temperature=1.0, max_tokens=24, seed=7),
)
CITY = JsonSchema(
    "city",
    {
        "type": "object",
        "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}, "large": {"type": "boolean"}},
        "required": ["city", "large"],
        "additionalProperties": False,
    },
)
TEMPLATE_TOKENS = 16  # what the model's own template puts around the messages of a request


def ask(base_url: str, *requests: ChatRequest) -> list[ChatReply]:
    """The replies to requests sent one after the other."""

    async def in_turn() -> list[ChatReply]:
        provider = OpenAICompatible(base_url=base_url, api_key=None)
        try:
            return [await provider(request) for request in requests]
        finally:
            await provider.aclose()

    return asyncio.run(in_turn())


def sampled(**changes: object) -> ChatRequest:
    return replace(REQUEST, sampling=replace(REQUEST.sampling, **changes))  # type: ignore[arg-type]


def test_the_same_seed_repeats_and_another_seed_or_temperature_does_not(base_url: str) -> None:
    requests = (REQUEST, sampled(seed=8), sampled(temperature=0.0), sampled(temperature=0.0, seed=8), REQUEST)
    first, other_seed, cold, cold_other_seed, again = (each.text for each in ask(base_url, *requests))
    assert again == first
    assert len({first, other_seed, cold}) == 3
    assert cold_other_seed == cold


def test_tokens_and_the_end_are_reported(base_url: str) -> None:
    question = (Message("user", "What is the capital of Australia?"),)
    whole_request = replace(REQUEST, messages=question, sampling=Sampling(temperature=0.0, max_tokens=100))
    [cut, whole] = ask(base_url, REQUEST, whole_request)
    assert (cut.finish_reason, whole.finish_reason) == ("length", "stop")
    assert (cut.usage.output_tokens, cut.usage.estimated) == (24, False)
    assert 5 < whole.usage.output_tokens < 100
    assert whole.usage.input_tokens > 8
    assert (whole.model, "Canberra" in whole.text) == (local_model.NAME, True)


def test_a_stream_says_the_same_and_brings_usage_and_the_time_of_its_first_word(base_url: str) -> None:
    [whole, streamed] = ask(base_url, REQUEST, replace(REQUEST, stream=True))
    assert (streamed.text, streamed.usage, streamed.finish_reason) == (whole.text, whole.usage, "length")
    assert whole.first_token_ms is None
    assert streamed.first_token_ms is not None
    assert 0 < streamed.first_token_ms < streamed.latency_ms


def test_streams_may_follow_each_other_although_this_server_closes_the_connection_after_each(
    base_url: str,
) -> None:
    short = replace(REQUEST, stream=True, sampling=Sampling(max_tokens=2, seed=1))
    assert len({reply.text for reply in ask(base_url, *[short] * 20)}) == 1


def test_log_probabilities_come_back_when_asked_for(base_url: str) -> None:
    with_them = replace(REQUEST, logprobs=True)
    plain, sure, unsure = ask(
        base_url,
        REQUEST,
        replace(with_them, sampling=Sampling(temperature=0.0, max_tokens=24)),
        replace(with_them, sampling=Sampling(temperature=2.0, max_tokens=24, seed=7)),
    )
    assert plain.mean_logprob is None
    assert sure.mean_logprob is not None
    assert unsure.mean_logprob is not None
    assert unsure.mean_logprob < sure.mean_logprob < 0


def test_an_answer_obeys_the_json_schema_whatever_the_temperature(base_url: str) -> None:
    asked = replace(REQUEST, messages=(Message("user", "Which city is the capital of France?"),))
    asked = replace(asked, response_schema=CITY)
    replies = ask(
        base_url,
        *(replace(asked, sampling=Sampling(temperature=1.5, max_tokens=40, seed=seed)) for seed in range(4)),
    )
    for reply in replies:
        answer = json.loads(reply.text)
        assert set(answer) == {"city", "large"}
        assert answer["city"] in {"Paris", "Rome"}
        assert isinstance(answer["large"], bool)


def answered(
    base_url: str, kind: str, payload: dict[str, object], settings: Settings
) -> tuple[Answer, Sequence[ChatReply]]:
    """A kind's answer, and the replies it was made of, in the order in which they came."""
    replies: list[ChatReply] = []

    async def once() -> Answer:
        provider = OpenAICompatible(base_url=base_url, api_key=None)

        async def noted(request: ChatRequest) -> ChatReply:
            replies.append(await provider(request))
            return replies[-1]

        try:
            [outcome] = await KINDS[kind].answer([payload], settings, noted)
        finally:
            await provider.aclose()
        assert isinstance(outcome, Answer)
        return outcome

    return asyncio.run(once()), replies


def test_a_document_longer_than_the_room_is_summarised_in_parts_that_fit(base_url: str) -> None:
    places = ("Skerry Point", "the harbour", "a village inland", "the old quarry", "the northern reef")
    document = "\n\n".join(
        f"In {year} a keeper wrote from {places[year % 5]} that the winter was mild, that {year % 90} boats "
        "came home, and that nobody had asked for the lamp to be lit before the evening bell."
        for year in range(1871, 1886)
    )
    limit = 400
    settings = Settings(
        model=local_model.NAME,
        sampling=Sampling(temperature=0.0, max_tokens=16),
        max_input_tokens=limit,
        max_parallel=1,
        count_tokens=counter_for(local_model.NAME),
    )
    answer, replies = answered(base_url, "summarize", {"document": document}, settings)
    plan = answer.detail["parts"]
    assert isinstance(plan, list)
    assert answer.detail["levels"] == 1
    assert "".join(document[part["start"] : part["end"]] for part in plan) == document
    assert len(replies) == len(plan) + 1 >= 4
    assert max(reply.usage.input_tokens for reply in replies) <= limit + TEMPLATE_TOKENS
    assert answer.output


def test_each_turn_of_a_conversation_sees_the_turns_before_it(base_url: str) -> None:
    settings = Settings(
        model=local_model.NAME, sampling=Sampling(temperature=0.0, max_tokens=16), stream=True
    )
    turns = ["My name is Ada.", "What is my name?"]
    answer, replies = answered(base_url, "chat", {"turns": turns}, settings)
    assert isinstance(answer.output, list)
    assert len(answer.output) == 2
    first, second = (reply.usage for reply in replies)
    assert second.input_tokens > first.input_tokens + first.output_tokens

"""Recordings: what is replayed, what is missing, and what is not a recording."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from evalapp.providers.errors import NotRecorded
from evalapp.providers.messages import ChatReply, ChatRequest, Message, Provider, Sampling, Usage
from evalapp.providers.recorded import Recorded, RecordingError, record
from evalapp.providers.simulated import Simulated

REQUEST = ChatRequest(
    "small",
    (Message("system", "Be brief."), Message("user", "Capital of France?")),
    sampling=Sampling(seed=1),
)
BY_MESSAGE = b"""{"note": "an example"}

{"model": "small", "message": "Capital of France?", "text": "Paris\\u2028!", "latency_ms": 120.5,
""".replace(b",\n", b', "first_token_ms": 40, "usage": {"input_tokens": 12, "output_tokens": 2}}\n')


def asked(provider: Provider, request: ChatRequest = REQUEST) -> ChatReply:
    async def once() -> ChatReply:
        return await provider(request)

    return asyncio.run(once())


def test_an_answer_is_found_by_model_and_last_message() -> None:
    reply = asked(Recorded(BY_MESSAGE))
    assert replace(reply, raw="") == ChatReply(
        text="Paris\u2028!", usage=Usage(12, 2), finish_reason="stop", latency_ms=120.5, model="small"
    )


def test_the_time_to_the_first_token_is_told_when_the_answer_is_streamed() -> None:
    assert asked(Recorded(BY_MESSAGE), replace(REQUEST, stream=True)).first_token_ms == 40


@pytest.mark.parametrize(("pace", "slept_s"), [(0.0, 0.0), (1.0, 0.1205), (0.5, 0.06025)])
def test_recorded_time_is_waited_as_far_as_wished(pace: float, slept_s: float) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    asked(Recorded(BY_MESSAGE, pace=pace, sleep=sleep))
    assert waits == [pytest.approx(slept_s)]


def test_what_is_not_in_the_recording_is_named() -> None:
    long = "Why? " * 40
    with pytest.raises(NotRecorded) as missing:
        asked(Recorded(BY_MESSAGE, name="geography.jsonl"), ChatRequest("large", (Message("user", long),)))
    assert missing.value.message == f"geography.jsonl has no answer by large to “{long[:80]}…”"
    assert missing.value.permanent


def test_a_recording_replays_what_was_recorded(tmp_path: Path) -> None:
    file = tmp_path / "recording.jsonl"
    provider = record(Simulated(latency_ms=0), file)
    requests = [REQUEST, replace(REQUEST, sampling=Sampling(seed=2)), replace(REQUEST, model="large")]

    async def all_of(ask: Provider | Recorded) -> list[ChatReply]:
        return [await ask(request) for request in requests]

    async def recorded() -> list[ChatReply]:
        return [await provider(request) for request in requests]

    first = asyncio.run(recorded())
    second = asyncio.run(all_of(Recorded.from_file(file)))
    assert [_said(reply) for reply in first] == [_said(reply) for reply in second]
    assert len({reply.text for reply in first}) > 1


def _said(reply: ChatReply) -> tuple[str, Usage, str, float, str]:
    return reply.text, reply.usage, reply.finish_reason, reply.latency_ms, reply.model


def test_the_very_request_goes_before_the_message() -> None:
    from evalapp.providers.messages import request_key

    key = request_key("", REQUEST)
    recording = BY_MESSAGE + b'{"request_key": "%s", "text": "exact"}\n' % key.encode()
    assert asked(Recorded(recording)).text == "exact"
    assert asked(Recorded(recording), replace(REQUEST, sampling=Sampling())).text == "Paris\u2028!"


def test_missing_usage_is_estimated_and_marked() -> None:
    recording = b'{"model": "small", "message": "Capital of France?", "text": "Paris"}'
    assert asked(Recorded(recording)).usage == Usage(input_tokens=8, output_tokens=2, estimated=True)


def test_a_file_that_is_no_recording_is_refused_with_every_problem() -> None:
    broken = b"\n".join(
        [
            b"oops",
            b'{"model": "small", "text": "no message"}',
            b'{"model": "small", "message": "no text"}',
            b'{"model": "small", "message": "m", "text": "1"}',
            b'{"model": "small", "message": "m", "text": "2"}',
            b'{"model": "small", "message": "n", "text": "3", "colour": "red"}',
        ]
    )
    with pytest.raises(RecordingError) as refused:
        Recorded(broken, name="notes.txt")
    lines = str(refused.value).split("\n")
    assert lines[0] == "notes.txt is not a recording:"
    assert [line.split(":")[0] for line in lines[1:]] == ["line 1", "line 2", "line 3", "line 5", "line 6"]

"""The real client against a real server: what is sent, and what is read from a good answer."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.http_writer import StreamWriter

from evalapp.providers.errors import ConnectionFailed
from evalapp.providers.messages import (
    ChatReply,
    ChatRequest,
    ImagePart,
    JsonSchema,
    Message,
    Sampling,
    TextPart,
    Usage,
)
from evalapp.providers.openai_compatible import OpenAICompatible
from tests.providers.asking import KEY, REQUEST, STREAMED, ask
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


def test_a_good_answer_comes_with_everything_that_was_said_about_it(server: OpenAIServer) -> None:
    server.next(behaviours.ok("Paris.", model="small-2024-07-18"))
    reply = ask(server)
    assert replace(reply, latency_ms=0.0, raw="") == ChatReply(
        text="Paris.",
        usage=Usage(input_tokens=500, output_tokens=1000),
        finish_reason="stop",
        latency_ms=0.0,
        model="small-2024-07-18",
        request_id="req-test",
        system_fingerprint="fp_1",
        http_status=200,
    )
    assert json.loads(reply.raw) == behaviours.completion("Paris.", model="small-2024-07-18")
    assert reply.latency_ms > 0


def test_the_body_sent_is_the_requests_body_and_is_sent_once(server: OpenAIServer) -> None:
    request = ChatRequest(
        model="small",
        messages=(
            Message("system", "Be brief."),
            Message("user", (TextPart("What is this?"), ImagePart(b"\x89PNG", "image/png", "low"))),
        ),
        sampling=Sampling(temperature=0, top_p=0.5, max_tokens=9, seed=7, stop=("END",)),
        response_schema=JsonSchema("thing", {"type": "object"}),
        logprobs=True,
        step=3,
    )
    ask(server, request)
    assert [asked.body for asked in server.asked] == [request.body()]
    assert server.asked[0].path == "/v1/chat/completions"
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_nothing_is_taken_from_the_environment(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-someone-elses")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-someone")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-someone")

    async def once() -> None:
        provider = OpenAICompatible(base_url=server.base_url, api_key=None)
        await provider(REQUEST)
        await provider.aclose()

    asyncio.run(once())
    sent = server.asked[0].headers
    assert not {"authorization", "openai-organization", "openai-project"} & set(sent)


@pytest.mark.parametrize(
    ("base_url", "name"),
    [("https://api.openai.com/v1", "max_completion_tokens"), ("http://127.0.0.1:8080/v1", "max_tokens")],
)
def test_the_token_limit_is_named_as_the_endpoint_knows_it(base_url: str, name: str) -> None:
    request = replace(REQUEST, sampling=Sampling(max_tokens=9))
    body = OpenAICompatible(base_url=base_url, api_key=KEY).body(request)
    assert {key: value for key, value in body.items() if key.startswith("max")} == {name: 9}


def test_a_streamed_answer_has_a_time_to_first_token_and_usage(server: OpenAIServer) -> None:
    pieces = behaviours.events(behaviours.chunks("Paris it is"))
    server.next(behaviours.stream(*pieces, pause_s=0.01))
    reply = ask(server, STREAMED)
    assert (reply.text, reply.finish_reason, reply.usage) == ("Paris it is", "stop", Usage(500, 1000))
    assert reply.first_token_ms is not None
    assert 0 < reply.first_token_ms < reply.latency_ms
    assert reply.raw.encode() == b"".join(pieces)
    assert server.asked[0].body["stream_options"] == {"include_usage": True}


def test_a_stream_reads_the_same_however_its_bytes_are_cut(server: OpenAIServer) -> None:
    whole = b": a comment\r\n\r\n" + b"".join(behaviours.events(behaviours.chunks("Grüße, 東京 🗼")))
    server.next(
        behaviours.stream(*(whole[place : place + 1] for place in range(len(whole)))),
        behaviours.stream(whole.replace(b"\n", b"\r\n")),
    )
    assert [ask(server, STREAMED).text for _ in range(2)] == ["Grüße, 東京 🗼"] * 2


def test_an_endpoint_that_ignores_the_wish_for_a_stream_is_understood(server: OpenAIServer) -> None:
    server.next(behaviours.body(behaviours.completion("At once.")))
    reply = ask(server, STREAMED)
    assert (reply.text, reply.first_token_ms) == ("At once.", None)


@pytest.mark.parametrize("usage", [..., None, "many", {"prompt_tokens": -1, "completion_tokens": 2}])
def test_missing_or_impossible_usage_is_estimated_and_marked(server: OpenAIServer, usage: object) -> None:
    server.next(behaviours.body(behaviours.completion("Four", usage=usage)))
    assert ask(server).usage == Usage(input_tokens=8, output_tokens=1, estimated=True)


def test_cached_input_and_log_probabilities_are_read(server: OpenAIServer) -> None:
    usage = behaviours.USAGE | {"prompt_tokens_details": {"cached_tokens": 400}}
    logprobs = {"content": [{"token": "Pa", "logprob": -0.5}, {"token": "ris", "logprob": -0.25}]}
    server.next(behaviours.body(behaviours.completion(usage=usage, choice={"logprobs": logprobs})))
    reply = ask(server)
    assert (reply.usage, reply.mean_logprob) == (Usage(500, 1000, cached_input_tokens=400), -0.375)


def test_a_refusal_and_a_cut_answer_are_answers(server: OpenAIServer) -> None:
    refusing = {"content": None, "refusal": "I cannot help with that."}
    server.next(
        behaviours.body(behaviours.completion(message=refusing)),
        behaviours.body(behaviours.completion("Half an ans", choice={"finish_reason": "length"})),
        behaviours.body(behaviours.completion(None, choice={"finish_reason": "length"})),
    )
    refused, cut, silent = ask(server), ask(server), ask(server)
    assert (refused.text, refused.refusal) == ("", "I cannot help with that.")
    assert (cut.text, cut.finish_reason) == ("Half an ans", "length")
    assert (silent.text, silent.finish_reason) == ("", "length")


def test_a_refusal_may_be_streamed(server: OpenAIServer) -> None:
    said = {"delta": {"refusal": "No."}, "finish_reason": "stop"}
    chunk: dict[str, object] = {"model": "small", "choices": [said]}
    server.next(behaviours.stream(*behaviours.events([chunk])))
    assert ask(server, STREAMED).refusal == "No."


def test_one_connection_serves_many_requests_streamed_or_not(server: OpenAIServer) -> None:
    async def several() -> list[str]:
        provider = OpenAICompatible(base_url=server.base_url, api_key=KEY)
        try:
            return [(await provider(request)).text for request in (REQUEST, STREAMED, REQUEST, STREAMED)]
        finally:
            await provider.aclose()

    before = server.connections_made
    assert asyncio.run(several()) == ["An answer."] * 4
    assert server.connections_made - before == 1


@pytest.mark.parametrize("times", [1, 2])
def test_what_finds_its_kept_connection_closed_has_not_left_and_is_sent_on_another(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Only the moment is forced: the connection closes between being chosen and being written to."""
    closing = 0

    def late(write: Any) -> Any:
        def written(self: StreamWriter, chunk: Any) -> None:
            nonlocal closing
            if closing:
                closing -= 1
                assert self.transport is not None
                self.transport.close()
            write(self, chunk)

        return written

    for name in ("_write", "_writelines"):
        monkeypatch.setattr(StreamWriter, name, late(getattr(StreamWriter, name)))

    async def two() -> list[str]:
        nonlocal closing
        provider = OpenAICompatible(base_url=server.base_url, api_key=KEY)
        try:
            first = await provider(REQUEST)
            closing = times
            return [first.text, (await provider(STREAMED)).text]
        finally:
            await provider.aclose()

    asked = len(server.asked)
    if times == 1:
        assert asyncio.run(two()) == ["An answer.", "An answer."]
    else:
        with pytest.raises(ConnectionFailed, match="no connection") as caught:
            asyncio.run(two())
        assert (caught.value.may_be_billed, caught.value.permanent) == (False, False)
    assert len(server.asked) - asked == (2 if times == 1 else 1)

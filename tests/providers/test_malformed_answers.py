"""The real client against a real server that misbehaves: each fault has its name, and its body is kept."""

from __future__ import annotations

import asyncio
import json

import pytest
from openai import AsyncOpenAI, OpenAIError

from evalapp.providers.messages import ChatRequest
from evalapp.providers.openai_compatible import OpenAICompatible
from tests.providers.asking import KEY, REQUEST, STREAMED, failure
from tests.servers import behaviours
from tests.servers.openai_server import Behaviour, OpenAIServer, Served


def whole(**changes: object) -> Served:
    return behaviours.body(behaviours.completion("An answer.", **changes))


GOOD = json.dumps(behaviours.completion()).encode()

MALFORMED: dict[str, tuple[Served, str]] = {
    "a web page": (behaviours.web_page(), "not_json"),
    "an empty body": (behaviours.body(b""), "not_json"),
    "no body at all": (Served(status=204), "not_json"),
    "plain text": (behaviours.body("upstream is warming up"), "not_json"),
    "bytes that are not UTF-8": (behaviours.body(b'{"model": "\xff\xfe"}'), "not_json"),
    "two answers in one": (behaviours.body(GOOD + GOOD), "not_json"),
    "a NaN": (behaviours.body(b'{"choices": NaN}'), "not_json"),
    "JSON that stops in the middle": (behaviours.body(GOOD[:80]), "cut_json"),
    "JSON that stops in a text": (behaviours.body(GOOD[: GOOD.index(b"answer") + 3]), "cut_json"),
    "a list": (behaviours.body([]), "wrong_shape"),
    "a bare text": (behaviours.body('"hello"'), "wrong_shape"),
    "null": (behaviours.body(b"null"), "wrong_shape"),
    "brackets without end": (behaviours.body(b"[" * 100_000), "wrong_shape"),
    "no choices": (whole(choices=...), "no_choices"),
    "empty choices": (whole(choices=[]), "no_choices"),
    "choices that are null": (whole(choices=None), "no_choices"),
    "choices that are an object": (whole(choices={"0": "x"}), "wrong_shape"),
    "a choice without a message": (whole(choice={"message": ...}), "wrong_shape"),
    "a message that is a text": (whole(choice={"message": "hello"}), "wrong_shape"),
    "content that is a number": (whole(message={"content": 42}), "wrong_shape"),
    "content that is a list of texts": (whole(message={"content": ["a", "b"]}), "wrong_shape"),
    "null content": (whole(message={"content": None}), "empty_content"),
    "no content": (whole(message={"content": ...}), "empty_content"),
    "blank content": (whole(message={"content": " \n\t"}), "empty_content"),
    "a tool call instead of text": (
        whole(message={"content": None, "tool_calls": [{}]}, choice={"finish_reason": "tool_calls"}),
        "empty_content",
    ),
    "another model": (whole(model="large"), "wrong_model"),
    "a model whose name begins alike": (whole(model="small-and-cheap"), "wrong_model"),
    "a withheld answer": (whole(choice={"finish_reason": "content_filter"}), "content_filtered"),
    "an error with status 200": (behaviours.body({"error": {"message": "overloaded"}}), "server_failed"),
    "a rate limit with status 200": (behaviours.body({"error": {"code": 429}}), "rate_limited"),
}


def _events_of(*raw: bytes) -> Served:
    return behaviours.stream(*raw)


CHUNKS = behaviours.chunks("one two three")
EVENTS = behaviours.events(CHUNKS)

MALFORMED_STREAMS: dict[str, tuple[Served, str]] = {
    "a stream without a finish reason": (_events_of(*EVENTS[:2]), "ended_early"),
    "an end mark without a finish reason": (_events_of(*EVENTS[:2], EVENTS[-1]), "ended_early"),
    "nothing but an end mark": (_events_of(EVENTS[-1]), "ended_early"),
    "an event cut in the middle": (_events_of(*EVENTS[:2], EVENTS[2][:20]), "cut_json"),
    "an event that is not JSON": (_events_of(*EVENTS[:2], b"data: oops\n\n", *EVENTS[2:]), "not_json"),
    "an event that is a list": (_events_of(b"data: []\n\n", *EVENTS), "wrong_shape"),
    "content that is a number, streamed": (
        _events_of(b'data: {"choices": [{"delta": {"content": 4}}]}\n\n', *EVENTS),
        "wrong_shape",
    ),
    "an error in the stream": (
        _events_of(EVENTS[0], b'data: {"error": {"message": "lost the GPU", "code": "server_error"}}\n\n'),
        "server_failed",
    ),
    "no text in the whole stream": (_events_of(*behaviours.events(behaviours.chunks(""))), "empty_content"),
    "a stream by another model": (
        _events_of(*behaviours.events(behaviours.chunks("hello", model="large"))),
        "wrong_model",
    ),
    "a stream that is filtered": (
        _events_of(*behaviours.events(behaviours.chunks("hel", finish_reason="content_filter"))),
        "content_filtered",
    ),
    "a web page instead of a stream": (behaviours.web_page(), "not_json"),
    "an empty stream": (_events_of(), "not_json"),
}


def raw_of(served: Served) -> str:
    return b"".join(served.pieces).decode("utf-8", "replace")


@pytest.mark.parametrize("what", MALFORMED)
def test_every_malformed_answer_has_its_named_state_and_keeps_its_body(
    server: OpenAIServer, what: str
) -> None:
    served, code = MALFORMED[what]
    server.next(served)
    error = failure(server)
    assert (error.code, error.raw, error.http_status, server.count) == (
        code,
        raw_of(served),
        served.status,
        1,
    )
    assert error.may_be_billed
    assert error.latency_ms is not None


@pytest.mark.parametrize("what", MALFORMED_STREAMS)
def test_every_malformed_stream_has_its_named_state_and_keeps_its_body(
    server: OpenAIServer, what: str
) -> None:
    served, code = MALFORMED_STREAMS[what]
    server.next(served)
    error = failure(server, STREAMED)
    assert (error.code, error.raw, error.http_status, server.count) == (code, raw_of(served), 200, 1)
    assert error.may_be_billed


STATUSES: dict[str, tuple[Behaviour, str, str]] = {
    "a bad key": (behaviours.bad_key(KEY), "key_refused", "run"),
    "a key without rights": (behaviours.failing(403, "No access"), "key_refused", "run"),
    "no money": (behaviours.failing(402, "Payment required"), "quota_exhausted", "run"),
    "no quota": (behaviours.out_of_quota(), "quota_exhausted", "run"),
    "too many requests": (behaviours.too_many(), "rate_limited", "nothing"),
    "a vanished model": (behaviours.model_missing(), "model_missing", "model"),
    "a wrong address": (behaviours.web_page(404), "model_missing", "model"),
    "a bad parameter": (behaviours.failing(400, "Unknown parameter"), "request_refused", "nothing"),
    "an unprocessable request": (
        behaviours.failing(422, "seed must be an integer"),
        "request_refused",
        "nothing",
    ),
    "too long an input": (
        behaviours.failing(400, "too long", code="context_length_exceeded"),
        "input_too_long",
        "nothing",
    ),
    "too large a request": (behaviours.failing(413), "input_too_long", "nothing"),
    "a prompt the endpoint will not have": (
        behaviours.failing(400, "policy", code="content_policy_violation"),
        "content_filtered",
        "nothing",
    ),
    "a redirect": (
        behaviours.body(b"", status=307, headers={"location": "http://169.254.169.254/"}),
        "redirected",
        "run",
    ),
    "an internal error": (behaviours.failing(500, "oops"), "server_failed", "nothing"),
    "an overloaded gateway": (behaviours.web_page(503), "server_failed", "nothing"),
    "a request that took the server too long": (behaviours.failing(408), "server_failed", "nothing"),
}


@pytest.mark.parametrize("what", STATUSES)
def test_every_error_status_has_its_named_state_and_says_how_far_it_reaches(
    server: OpenAIServer, what: str
) -> None:
    behaviour, code, stops = STATUSES[what]
    server.next(behaviour)
    error = failure(server)
    assert (error.code, error.stops, error.may_be_billed, server.count) == (code, stops, False, 1)
    assert isinstance(behaviour, Served)
    assert error.raw == raw_of(behaviour).replace(KEY, "[key]")
    assert error.http_status == behaviour.status


def test_keys_are_in_no_error_and_no_repr(server: OpenAIServer) -> None:
    server.next(behaviours.bad_key(KEY), behaviours.bad_key("sk-other*****************wxyz"))
    for error in (failure(server), failure(server)):
        said = f"{error} {error!r} {error.raw} {error.__context__!r} {error.__cause__!r}"
        assert KEY not in said
        assert "sk-other" not in said
    assert KEY not in repr(OpenAICompatible(base_url=server.base_url, api_key=KEY))


TRANSPORT_FAULTS: dict[str, tuple[Behaviour, ChatRequest, str]] = {
    "a connection that is dropped before the answer": (behaviours.HANG_UP, REQUEST, "connection_failed"),
    "bytes that are not HTTP": (
        behaviours.verbatim(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        REQUEST,
        "connection_failed",
    ),
    "a status line cut short": (behaviours.verbatim(b"HTTP/1.1 2"), REQUEST, "connection_failed"),
    "headers without end": (
        behaviours.verbatim(b"HTTP/1.1 200 OK\r\nx: y\r\n"),
        REQUEST,
        "connection_failed",
    ),
    "a body cut short": (behaviours.cut_body(GOOD[:60]), REQUEST, "cut_json"),
    "a stream cut short": (behaviours.stream(*EVENTS[:2], cut=True), STREAMED, "ended_early"),
    "a body that claims to be compressed": (
        behaviours.body(GOOD, headers={"content-encoding": "gzip"}),
        REQUEST,
        "not_json",
    ),
    "an answer that never comes": (behaviours.SILENT, REQUEST, "timed_out"),
    "an answer that is too slow": (behaviours.ok(delay_s=5), REQUEST, "timed_out"),
    "a stream that stalls": (behaviours.stream(*EVENTS[:2], b"", pause_s=5), STREAMED, "timed_out"),
}


@pytest.mark.parametrize("what", TRANSPORT_FAULTS)
def test_every_transport_fault_has_its_named_state_after_one_request(server: OpenAIServer, what: str) -> None:
    behaviour, request, code = TRANSPORT_FAULTS[what]
    server.next(behaviour)
    error = failure(server, request, timeout_s=0.3 if code == "timed_out" else 20.0)
    assert (error.code, error.permanent, error.may_be_billed, server.count) == (code, False, True, 1)
    if isinstance(behaviour, Served) and behaviour.cut:
        assert error.raw == raw_of(behaviour)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:1/v1", "ftp://127.0.0.1/v1"])
def test_an_address_nobody_answers_at_costs_nothing(server: OpenAIServer, base_url: str) -> None:
    error = failure(server, base_url=base_url)
    assert (error.code, error.may_be_billed, server.count) == ("connection_failed", False, 0)


def test_a_body_without_end_is_given_up(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalapp.providers.openai_compatible.MAX_REPLY_BYTES", 1000)
    server.next(behaviours.body(b" " * 5000))
    assert failure(server).code == "too_large"


def test_the_client_alone_would_hand_most_of_these_out_as_answers_or_as_faults_of_ours(
    server: OpenAIServer,
) -> None:
    async def alone() -> list[str]:
        named: list[str] = []
        async with AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
            for what, (served, _) in MALFORMED.items():
                server.next(served)
                try:
                    reply = await client.chat.completions.create(model="small", messages=[])
                    assert isinstance(reply.choices[0].message.content, str)
                except OpenAIError:
                    named.append(what)
                except (
                    AttributeError,
                    TypeError,
                    IndexError,
                    KeyError,
                    ValueError,
                    AssertionError,
                    RecursionError,
                ):
                    continue
        return named

    assert len(asyncio.run(alone())) <= 3

"""Parts of the strict reading that need no server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.providers.errors import ProviderError
from evalapp.providers.exchange import Exchange
from evalapp.providers.messages import ChatReply, Usage
from evalapp.providers.replies import read_reply, reported_usage, same_model
from evalapp.providers.streams import StreamReading
from tests.providers.asking import REQUEST, STREAMED
from tests.servers import behaviours

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def exchange(raw: bytes) -> Exchange:
    return Exchange(
        latency_ms=1.0,
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        raw=raw.decode(errors="replace"),
        http_status=200,
    )


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gpt-4o-mini", "gpt-4o-mini", True),
        ("gpt-4o-mini", "gpt-4o-mini-2024-07-18", True),
        ("gpt-4", "gpt-4-0613", True),
        ("gpt-4o-latest", "gpt-4o-2024-11-20", True),
        ("openai/gpt-4o", "gpt-4o", True),
        ("gpt-4o", "openai/GPT-4o", True),
        ("llama3:latest", "llama3", True),
        ("any", "", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4o-mini", "gpt-4o", False),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-11-20", False),
    ],
)
def test_a_snapshot_answers_for_its_alias_and_nothing_else_does(
    asked: str, answered: str, same: bool
) -> None:
    assert same_model(asked, answered) is same


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 3}, Usage(5, 3)),
        ({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": None}, Usage(5, 3)),
        (
            {"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 5}},
            Usage(5, 3, 5),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 6}}, None),
        ({"prompt_tokens": 5}, None),
        ({"prompt_tokens": True, "completion_tokens": 3}, None),
        ({"prompt_tokens": 5.0, "completion_tokens": 3}, None),
        ({}, None),
        ([], None),
    ],
)
def test_usage_is_taken_whole_or_not_at_all(value: object, usage: Usage | None) -> None:
    assert reported_usage(value) == usage


@given(st.data())
def test_a_stream_reads_the_same_wherever_its_bytes_are_cut(data: st.DataObject) -> None:
    text = data.draw(st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
    raw = b"".join(behaviours.events(behaviours.chunks(text)))
    places = sorted(data.draw(st.lists(st.integers(0, len(raw)))))
    reading = StreamReading()
    for start, end in zip([0, *places], [*places, len(raw)], strict=True):
        reading.feed(raw[start:end])
    reply = reading.reply(raw, STREAMED, exchange(raw), check_model=True)
    assert (reply.text, reply.usage, reading.ended) == (text, Usage(500, 1000), True)


@given(st.binary())
def test_no_bytes_at_all_raise_anything_but_a_named_error(raw: bytes) -> None:
    _read_both_ways(raw)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "choices": json_values
            | st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "message": json_values
                        | st.fixed_dictionaries(
                            {}, optional={"content": json_values, "refusal": json_values}
                        ),
                        "delta": json_values | st.fixed_dictionaries({}, optional={"content": json_values}),
                        "finish_reason": json_values,
                        "logprobs": json_values,
                    },
                ),
                max_size=2,
            ),
            "usage": json_values,
            "model": json_values,
            "error": json_values,
        },
    )
)
def test_no_json_at_all_raises_anything_but_a_named_error(value: dict[str, object]) -> None:
    raw = msgspec.json.encode(value)
    _read_both_ways(raw)
    _read_both_ways(b"data: " + raw + b"\n\n")


def _read_both_ways(raw: bytes) -> None:
    reading = StreamReading()
    reading.feed(raw)
    for read in (
        lambda: read_reply(raw, REQUEST, exchange(raw)),
        lambda: reading.reply(raw, STREAMED, exchange(raw), check_model=True),
    ):
        outcome = _outcome(read)
        if isinstance(outcome, ProviderError):
            assert outcome.raw == raw.decode(errors="replace")
        else:
            assert outcome.text.strip() or outcome.refusal or outcome.finish_reason == "length"


def _outcome(read: Callable[[], ChatReply]) -> ChatReply | ProviderError:
    try:
        return read()
    except ProviderError as error:
        return error

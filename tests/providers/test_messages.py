"""Requests as sent, and the key under which their answers are found again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.providers.messages import (
    ChatRequest,
    ImagePart,
    JsonSchema,
    Message,
    Sampling,
    TextPart,
    estimate_tokens,
    request_key,
)

PICTURE = ImagePart(b"\x89PNG picture", "image/png", "low")
REQUEST = ChatRequest(
    model="small",
    messages=(Message("system", "Be brief."), Message("user", (TextPart("What is this?"), PICTURE))),
    sampling=Sampling(temperature=0.5, top_p=1, max_tokens=100, seed=7, stop=("END",)),
    response_schema=JsonSchema("answer", {"type": "object", "properties": {}}),
    logprobs=True,
)

texts = st.text(st.characters(codec="utf-8"), max_size=30)
parts = st.one_of(
    st.builds(TextPart, texts),
    st.builds(ImagePart, st.binary(max_size=20), st.sampled_from(["image/png", "image/jpeg"])),
)
messages = st.builds(
    Message, st.sampled_from(["system", "user", "assistant"]), st.one_of(texts, st.lists(parts).map(tuple))
)
samplings = st.builds(
    Sampling,
    temperature=st.none() | st.floats(0, 2),
    top_p=st.none() | st.floats(0, 1),
    max_tokens=st.none() | st.integers(1, 10**6),
    seed=st.none() | st.integers(0, 2**31),
    stop=st.lists(texts, max_size=4).map(tuple),
)
requests = st.builds(
    ChatRequest,
    model=texts,
    messages=st.lists(messages, min_size=1, max_size=4).map(tuple),
    sampling=samplings,
    response_schema=st.none() | st.builds(JsonSchema, texts, st.dictionaries(texts, st.integers() | texts)),
    stream=st.booleans(),
    logprobs=st.booleans(),
    step=st.integers(0, 9),
)


def test_the_body_is_what_chat_completions_expects() -> None:
    assert replace(REQUEST, stream=True).body() == {
        "model": "small",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {
                        "type": "image_url",
                        "image_url": {"url": "data:image/png;base64,iVBORyBwaWN0dXJl", "detail": "low"},
                    },
                ],
            },
        ],
        "temperature": 0.5,
        "top_p": 1.0,
        "max_tokens": 100,
        "seed": 7,
        "stop": ["END"],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {}}, "strict": True},
        },
        "logprobs": True,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_what_is_not_set_is_not_sent() -> None:
    assert ChatRequest(model="small", messages=(Message("user", "Hello"),)).body() == {
        "model": "small",
        "messages": [{"role": "user", "content": "Hello"}],
    }


def test_the_key_is_the_digest_of_this_canonical_text_and_stays_so() -> None:
    picture = hashlib.sha256(b"\x89PNG picture").hexdigest()
    canonical = (
        '{"body":{"logprobs":true,"max_tokens":100,"messages":[{"content":"Be brief.","role":"system"},'
        '{"content":[{"text":"What is this?","type":"text"},{"image_url":{"detail":"low",'
        f'"url":"image/png;sha256={picture}"}},"type":"image_url"}}],"role":"user"}}],"model":"small",'
        '"response_format":{"json_schema":{"name":"answer","schema":{"properties":{},"type":"object"},'
        '"strict":true},"type":"json_schema"},"seed":7,"stop":["END"],"temperature":0.5,"top_p":1.0},'
        '"endpoint":"openai"}'
    )
    assert request_key("openai", REQUEST) == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_logged_body_names_pictures_by_their_digest() -> None:
    assert "base64" not in json.dumps(REQUEST.logged_body())
    assert hashlib.sha256(PICTURE.data).hexdigest() in json.dumps(REQUEST.logged_body())


@given(requests)
def test_the_same_request_has_the_same_key_and_a_body_of_plain_json(request: ChatRequest) -> None:
    again = replace(request, messages=tuple(replace(message) for message in request.messages))
    assert request_key("here", request) == request_key("here", again)
    assert len(request_key("here", request)) == 64
    assert json.loads(json.dumps(request.body())) == request.body()


@given(requests, requests)
def test_different_bodies_have_different_keys(one: ChatRequest, other: ChatRequest) -> None:
    one, other = replace(one, stream=False), replace(other, stream=False)
    same_body = json.dumps(one.body(), sort_keys=True) == json.dumps(other.body(), sort_keys=True)
    assert (request_key("here", one) == request_key("here", other)) == same_body


@given(requests, st.integers(0, 9))
def test_the_step_and_streaming_are_left_out_of_the_key(request: ChatRequest, step: int) -> None:
    assert request_key("here", request) == request_key("here", replace(request, step=step, stream=True))


CHANGES = {
    "the model": replace(REQUEST, model="smaller"),
    "a word": replace(REQUEST, messages=(Message("system", "Be brief!"), REQUEST.messages[1])),
    "a role": replace(REQUEST, messages=(Message("user", "Be brief."), REQUEST.messages[1])),
    "the order": replace(REQUEST, messages=REQUEST.messages[::-1]),
    "a pixel": replace(
        REQUEST,
        messages=(
            REQUEST.messages[0],
            Message("user", (TextPart("What is this?"), replace(PICTURE, data=b"x"))),
        ),
    ),
    "the picture's detail": replace(
        REQUEST,
        messages=(
            REQUEST.messages[0],
            Message("user", (TextPart("What is this?"), replace(PICTURE, detail="high"))),
        ),
    ),
    "the temperature": replace(REQUEST, sampling=replace(REQUEST.sampling, temperature=0.6)),
    "top-p": replace(REQUEST, sampling=replace(REQUEST.sampling, top_p=None)),
    "the token limit": replace(REQUEST, sampling=replace(REQUEST.sampling, max_tokens=99)),
    "the seed": replace(REQUEST, sampling=replace(REQUEST.sampling, seed=0)),
    "a stop text": replace(REQUEST, sampling=replace(REQUEST.sampling, stop=())),
    "the schema": replace(REQUEST, response_schema=JsonSchema("answer", {"type": "array"})),
    "log-probabilities": replace(REQUEST, logprobs=False),
}


@pytest.mark.parametrize("what", CHANGES)
def test_everything_that_decides_the_answer_is_in_the_key(what: str) -> None:
    assert request_key("openai", CHANGES[what]) != request_key("openai", REQUEST)


def test_the_endpoint_is_in_the_key() -> None:
    assert request_key("openai", REQUEST) != request_key("elsewhere", REQUEST)


def test_a_whole_number_and_its_decimal_are_one_request() -> None:
    whole = replace(REQUEST, sampling=Sampling(temperature=0, top_p=1))
    decimal = replace(REQUEST, sampling=Sampling(temperature=0.0, top_p=1.0))
    assert request_key("openai", whole) == request_key("openai", decimal)


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("東京タワー", 4)]
)
def test_tokens_are_estimated_at_a_quarter_of_the_bytes(text: str, tokens: int) -> None:
    assert estimate_tokens(text) == tokens

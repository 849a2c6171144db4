"""What is asked of a model and what comes back: plain, frozen values that every provider speaks.

The wire form is OpenAI-compatible Chat Completions; `ChatRequest.body` is the only place that knows it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]
ImageDetail = Literal["auto", "low", "high"]


@dataclass(frozen=True, slots=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image sent inside the request, never by address: the model's host fetches nothing."""

    data: bytes = field(repr=False)
    media_type: str
    detail: ImageDetail = "auto"


@dataclass(frozen=True, slots=True)
class Message:
    role: Role
    content: str | tuple[TextPart | ImagePart, ...]

    @property
    def text(self) -> str:
        """The words of the message; pictures are left out."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True)
class Sampling:
    """Generation parameters; None leaves the choice to the endpoint and is not sent."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A JSON schema the answer must satisfy; `name` is what the endpoint calls it."""

    name: str
    schema: Mapping[str, object]
    strict: bool = True


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request. `step` says which call of a generation this is (turn of a chat, part of a summary, counted
    from 0); it is kept in the ledger and is not sent."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = field(default_factory=Sampling)
    response_schema: JsonSchema | None = None
    stream: bool = False
    logprobs: bool = False
    step: int = 0

    def body(self) -> dict[str, object]:
        """The Chat Completions JSON body; the same request gives an equal body, keys in the same order."""
        return _body(self, _data_url)

    def logged_body(self) -> dict[str, object]:
        """The same body as the ledger keeps it: each image by the SHA-256 of its bytes."""
        return _body(self, _image_digest)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `input_tokens` includes the cached ones. `estimated` marks counts that the
    endpoint did not report and that were estimated here."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    estimated: bool = False


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has, for counts nobody reported: a quarter of its UTF-8 bytes, rounded up.

    English runs at about four letters a token; scripts with three bytes a character at somewhat less than a
    token a character.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


@dataclass(frozen=True, slots=True)
class ChatReply:
    """One answer. A refusal and a `finish_reason` of "length" are answers, not errors.

    `latency_ms` runs from sending to the last byte, `first_token_ms` to the first text of a streamed answer;
    `model` is the name the endpoint answered with ("" when it gave none); `raw` is the body as received;
    `mean_logprob` is the mean natural-log probability of the output tokens. Where several models may answer,
    `served_by` names the route that did, and `fallback_reason` says why it was not the first one.
    """

    text: str
    usage: Usage
    finish_reason: str
    latency_ms: float
    model: str
    first_token_ms: float | None = None
    request_id: str | None = None
    system_fingerprint: str | None = None
    refusal: str | None = None
    mean_logprob: float | None = None
    raw: str = field(default="", repr=False)
    http_status: int | None = None
    from_cache: bool = False
    served_by: str | None = None
    fallback_reason: str | None = None


Ask = Callable[[ChatRequest], Awaitable[ChatReply]]


class Provider(Protocol):
    """Something that answers; instances are `Ask` callables that hold connections or files until closed."""

    async def __call__(self, request: ChatRequest) -> ChatReply: ...

    async def aclose(self) -> None: ...


def request_key(endpoint: str, request: ChatRequest) -> str:
    """SHA-256 (hex) over the canonical JSON of everything that decides the answer.

    In the key: endpoint, model, messages (images by the SHA-256 of their bytes), all sampling parameters,
    response schema, log-probabilities. Left out, because the answer's content does not depend on them: the
    step, whether the answer is streamed, the API key, time limits, and anything about the caller.
    """
    body = _body(request, _image_digest)
    body.pop("stream", None)
    body.pop("stream_options", None)
    canonical = json.dumps(
        {"body": body, "endpoint": endpoint}, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _body(request: ChatRequest, image_address: Callable[[ImagePart], str]) -> dict[str, object]:
    sampling = request.sampling
    # The client writes the model first and then the messages, whatever order it is given.
    body: dict[str, object] = {
        "model": request.model,
        "messages": [
            {"role": message.role, "content": _content(message, image_address)}
            for message in request.messages
        ],
    }
    # Whole numbers become floats so that 0 and 0.0 are one request, with one key.
    if sampling.temperature is not None:
        body["temperature"] = float(sampling.temperature)
    if sampling.top_p is not None:
        body["top_p"] = float(sampling.top_p)
    if sampling.max_tokens is not None:
        body["max_tokens"] = sampling.max_tokens
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.response_schema is not None:
        schema = request.response_schema
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": schema.name, "schema": dict(schema.schema), "strict": schema.strict},
        }
    if request.logprobs:
        body["logprobs"] = True
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def _content(message: Message, image_address: Callable[[ImagePart], str]) -> object:
    if isinstance(message.content, str):
        return message.content
    return [
        {"type": "text", "text": part.text}
        if isinstance(part, TextPart)
        else {"type": "image_url", "image_url": {"url": image_address(part), "detail": part.detail}}
        for part in message.content
    ]


def _data_url(image: ImagePart) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode('ascii')}"


def _image_digest(image: ImagePart) -> str:
    return f"{image.media_type};sha256={hashlib.sha256(image.data).hexdigest()}"

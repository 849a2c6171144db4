"""Replays answers from a recording, and makes recordings.

A recording is a JSON Lines file. Each line is an object with

    text            the answer
    request_key     `request_key("", request)`: this very request, parameters included; or instead
    model, message  any request to this model whose last user message is this text
    usage           {"input_tokens": n, "output_tokens": n, "cached_input_tokens": n}; estimated when left out
    latency_ms      how long the answer took when it was recorded; 0 when left out
    first_token_ms, finish_reason, refusal, system_fingerprint      as in a reply; "stop" when left out
    note            a remark for readers; a line with nothing but a note is skipped
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import msgspec

from .errors import NotRecorded
from .messages import Ask, ChatReply, ChatRequest, Usage, estimate_tokens, request_key

EXCERPT_CHARACTERS = 80


class RecordingError(ValueError):
    """A recording that cannot be read; the message lists every problem with its line."""


class RecordedUsage(msgspec.Struct, forbid_unknown_fields=True):
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0


class Line(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    text: str | None = None
    request_key: str | None = None
    model: str | None = None
    message: str | None = None
    usage: RecordedUsage | None = None
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    system_fingerprint: str | None = None
    note: str | None = None

    @property
    def places(self) -> list[tuple[str, ...]]:
        """Under what this line is found."""
        if self.request_key is not None:
            return [(self.request_key,)]
        return [(self.model, self.message)] if self.model is not None and self.message is not None else []


class Recorded:
    """A provider that answers from a recording. `pace` is the share of the recorded time that is really
    waited, 0 for none of it; `name` is what messages call the recording. Raises RecordingError when the bytes
    are not a recording."""

    def __init__(
        self,
        recording: bytes,
        *,
        name: str = "the recording",
        pace: float = 0.0,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._name = name
        self._pace = pace
        self._sleep = sleep
        self._lines = read_recording(recording, name)

    @classmethod
    def from_file(cls, path: Path, *, pace: float = 0.0) -> Self:
        """The recording in a file, under the file's name."""
        return cls(path.read_bytes(), name=path.name, pace=pace)

    async def __call__(self, request: ChatRequest) -> ChatReply:
        message = last_user_text(request)
        line = self._lines.get((request_key("", request),)) or self._lines.get((request.model, message))
        if line is None:
            excerpt = message if len(message) <= EXCERPT_CHARACTERS else message[:EXCERPT_CHARACTERS] + "…"
            raise NotRecorded(f"{self._name} has no answer by {request.model} to “{excerpt}”")
        await self._sleep(line.latency_ms / 1000 * self._pace)
        return _reply(line, request)

    async def aclose(self) -> None:
        """Nothing is held open."""


def read_recording(recording: bytes, name: str) -> dict[tuple[str, ...], Line]:
    """The lines of a recording by what they answer: (request key,) or (model, message)."""
    found: dict[tuple[str, ...], Line] = {}
    problems: list[str] = []
    decoder = msgspec.json.Decoder(Line)
    for number, raw in enumerate(recording.split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            line = decoder.decode(raw)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            problems.append(f"line {number}: {error}")
            continue
        if line.text is None and line.places:
            problems.append(f"line {number}: `text` is missing")
        elif line.text is not None and not line.places:
            problems.append(f"line {number}: give `request_key`, or `model` and `message`")
        for place in line.places:
            if place in found:
                problems.append(f"line {number}: answers the same request as an earlier line")
            found[place] = line
    if problems:
        raise RecordingError(f"{name} is not a recording:\n" + "\n".join(problems))
    return found


def record(ask: Ask, path: Path) -> Ask:
    """An `ask` that appends every answer it passes on to a recording, to be found by the same request."""

    async def recording(request: ChatRequest) -> ChatReply:
        reply = await ask(request)
        usage = reply.usage
        line = Line(
            text=reply.text,
            request_key=request_key("", request),
            usage=None
            if usage.estimated
            else RecordedUsage(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens),
            latency_ms=reply.latency_ms,
            first_token_ms=reply.first_token_ms,
            finish_reason=reply.finish_reason,
            refusal=reply.refusal,
            system_fingerprint=reply.system_fingerprint,
        )
        with path.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")
        return reply

    return recording


def last_user_text(request: ChatRequest) -> str:
    """The words of the request's last user message; "" when it has none."""
    return next((message.text for message in reversed(request.messages) if message.role == "user"), "")


def _reply(line: Line, request: ChatRequest) -> ChatReply:
    text = line.text or ""
    if line.usage is not None:
        usage = Usage(line.usage.input_tokens, line.usage.output_tokens, line.usage.cached_input_tokens)
    else:
        asked = sum(estimate_tokens(message.text) for message in request.messages)
        usage = Usage(asked, estimate_tokens(text), estimated=True)
    return ChatReply(
        text=text,
        usage=usage,
        finish_reason=line.finish_reason,
        latency_ms=line.latency_ms,
        model=request.model,
        first_token_ms=line.first_token_ms if request.stream else None,
        system_fingerprint=line.system_fingerprint,
        refusal=line.refusal,
        raw=json.dumps(msgspec.to_builtins(line), ensure_ascii=False),
    )

"""Models that are only simulated: deterministic answers in this process, without a key or a network.

An answer depends on the seed, the model's name and the request, and on nothing else. Its time is drawn the
same way and really slept, so that pumps, limits and latency figures have something to measure.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from . import prose
from .messages import ChatReply, ChatRequest, ImagePart, Usage, request_key
from .pictures import description

LATENCY_SPREAD = 0.25  # standard deviation of the logarithm of the time
FIRST_TOKEN_SHARE = 0.3  # of the whole time
TOKENS_PER_WORD = 4 / 3
IMAGE_TOKENS = 85
INSTRUCTION_WORDS = 60
INSTRUCTION_PARAGRAPHS = 2
FORGOTTEN_SHARE = 0.05  # of the careless model's batch items, times (1 - quality)

SUMMARISING = re.compile(r"\b(summar\w+|document)\b", re.IGNORECASE)

SMALL_WORDS = ("mini", "nano", "tiny", "small", "lite", "fast")
LARGE_WORDS = ("grand", "large", "big", "pro", "max", "ultra")


@dataclass(frozen=True, slots=True)
class Profile:
    """How a simulated model behaves: median time of an answer in milliseconds, usual number of sentences, and
    how often, from 0 to 1, it makes the better of two choices."""

    latency_ms: float
    verbosity: int
    quality: float


SMALL = Profile(latency_ms=120.0, verbosity=2, quality=0.78)
LARGE = Profile(latency_ms=420.0, verbosity=5, quality=0.94)


def profile_of(model: str) -> Profile:
    """The profile a model's name asks for: small ("quartz-mini"), large ("quartz-grand"), else in between."""
    name = model.lower()
    if any(word in name for word in SMALL_WORDS):
        return SMALL
    if any(word in name for word in LARGE_WORDS):
        return LARGE
    return Profile(latency_ms=240.0, verbosity=3, quality=0.86)


class Simulated:
    """A provider of simulated models.

    Each model has the profile its name asks for; `latency_ms`, `verbosity` and `quality` override it for all
    of them. Token counts are what this provider bills, words times four thirds: they are its own report and
    so not marked as estimated.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        latency_ms: float | None = None,
        verbosity: int | None = None,
        quality: float | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._seed = seed
        self._latency_ms = latency_ms
        self._verbosity = verbosity
        self._quality = quality
        self._sleep = sleep
        self._clock = clock

    async def __call__(self, request: ChatRequest) -> ChatReply:
        started = self._clock()
        profile = self._profile(request.model)
        digest = hashlib.sha256(f"{self._seed}:{request_key('simulated', request)}".encode()).hexdigest()
        # The words and the time come from two generators, so that one does not shift the other.
        rng, timing = random.Random(digest), random.Random(f"time:{digest}")
        text, finish_reason = _cut(_composed(request, profile, rng), request)
        seconds = profile.latency_ms / 1000 * timing.lognormvariate(0.0, LATENCY_SPREAD)
        first_token_ms: float | None = None
        if request.stream:
            await self._sleep(seconds * FIRST_TOKEN_SHARE)
            first_token_ms = (self._clock() - started) * 1000
            seconds *= 1 - FIRST_TOKEN_SHARE
        await self._sleep(seconds)
        usage = _usage(request, text)
        reply = ChatReply(
            text=text,
            usage=usage,
            finish_reason=finish_reason,
            latency_ms=(self._clock() - started) * 1000,
            model=request.model,
            first_token_ms=first_token_ms,
            request_id=f"sim-{digest[:24]}",
            mean_logprob=-timing.uniform(0.02, 1.2 - profile.quality) if request.logprobs else None,
        )
        return replace(reply, raw=_raw(reply))

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _profile(self, model: str) -> Profile:
        own = profile_of(model)
        return Profile(
            latency_ms=own.latency_ms if self._latency_ms is None else self._latency_ms,
            verbosity=own.verbosity if self._verbosity is None else self._verbosity,
            quality=own.quality if self._quality is None else self._quality,
        )


def _composed(request: ChatRequest, profile: Profile, rng: random.Random) -> str:
    """The whole answer, before any limit is applied."""
    asked = [message for message in request.messages if message.role == "user"]
    last = asked[-1] if asked else request.messages[-1]
    length = max(1, profile.verbosity + rng.choice((-1, 0, 0, 1)))
    careful = profile.verbosity > 2
    if request.response_schema is not None:
        answer = _conforming(request.response_schema.schema, last.text, rng, profile)
        return json.dumps(answer, ensure_ascii=False)
    if not isinstance(last.content, str):
        images = [part for part in last.content if isinstance(part, ImagePart)]
        if images:
            return description(images[0].data, rng, careful=careful)
    everything = "\n".join(message.text for message in request.messages)
    if "fenced" in everything and "code" in everything:
        return prose.program(last.text, rng, careful=careful)
    if len(prose.words(last.text)) > prose.DOCUMENT_WORDS or SUMMARISING.search(last.text):
        return prose.summary(_document(last.text), rng, length=length, careful=careful)
    return prose.essay(last.text, rng, length=length, careful=careful)


def _document(asked: str) -> str:
    """A long message without the short first paragraphs that say what to do with the rest."""
    paragraphs = asked.split("\n\n")
    for _ in range(INSTRUCTION_PARAGRAPHS):
        if len(paragraphs) > 1 and len(prose.words(paragraphs[0])) <= INSTRUCTION_WORDS:
            paragraphs.pop(0)
    return "\n\n".join(paragraphs)


def _conforming(schema: Mapping[str, object], asked: str, rng: random.Random, profile: Profile) -> object:
    """A JSON value the schema allows. Arrays get one entry for each numbered item of the question."""
    allowed = schema.get("enum")
    if isinstance(allowed, list) and allowed:
        return prose.nearest_label(asked, [str(label) for label in allowed], rng, quality=profile.quality)
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties")
        inner = properties if isinstance(properties, dict) else {}
        return {name: _conforming(each, asked, rng, profile) for name, each in inner.items()}
    if kind == "array":
        return _entries(schema, asked, rng, profile)
    if kind in ("integer", "number"):
        return rng.randint(1, 9)
    if kind == "boolean":
        return rng.random() < 0.5
    return prose.topics(asked)[0]


def _entries(
    schema: Mapping[str, object], asked: str, rng: random.Random, profile: Profile
) -> list[dict[str, object]]:
    each = schema.get("items")
    inner = each if isinstance(each, dict) else {}
    entries: list[dict[str, object]] = []
    for number, text in _numbered(asked):
        if rng.random() < FORGOTTEN_SHARE * (1 - profile.quality):
            continue
        entry = _conforming(inner, text, rng, profile)
        if isinstance(entry, dict):
            entries.append({**entry, "item": number})
    return entries


def _numbered(asked: str) -> list[tuple[int, str]]:
    """The items of a batch: lines that are JSON objects with an item number and a text."""
    items: list[tuple[int, str]] = []
    for line in asked.split("\n"):
        if not line.startswith("{"):
            continue
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict) and isinstance(row.get("item"), int) and isinstance(row.get("text"), str):
            items.append((row["item"], row["text"]))
    return items


def _tokens(text: str) -> int:
    return round(len(prose.words(text)) * TOKENS_PER_WORD)


def _cut(text: str, request: ChatRequest) -> tuple[str, str]:
    """The text up to the first stop sequence and within the token limit, and why it ended."""
    places = [place for place in (text.find(stop) for stop in request.sampling.stop) if place >= 0]
    if places:
        text = text[: min(places)]
    limit = request.sampling.max_tokens
    if limit is None or _tokens(text) <= limit:
        return text, "stop"
    fitting = list(prose.WORD.finditer(text))[: int(limit / TOKENS_PER_WORD)]
    return text[: fitting[-1].end()] if fitting else "", "length"


def _usage(request: ChatRequest, text: str) -> Usage:
    images = sum(
        isinstance(part, ImagePart)
        for message in request.messages
        if not isinstance(message.content, str)
        for part in message.content
    )
    asked = sum(_tokens(message.text) for message in request.messages)
    return Usage(input_tokens=asked + IMAGE_TOKENS * images, output_tokens=_tokens(text))


def _raw(reply: ChatReply) -> str:
    """The body a server would have sent."""
    return json.dumps(
        {
            "id": reply.request_id,
            "object": "chat.completion",
            "model": reply.model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": reply.text},
                    "finish_reason": reply.finish_reason,
                }
            ],
            "usage": {
                "prompt_tokens": reply.usage.input_tokens,
                "completion_tokens": reply.usage.output_tokens,
                "total_tokens": reply.usage.input_tokens + reply.usage.output_tokens,
            },
        },
        ensure_ascii=False,
    )

"""A model that answers by a function of the test, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer, Outcome, Settings
from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import ChatReply, ChatRequest, Usage


def reply(text: str, **changes: object) -> ChatReply:
    values: dict[str, object] = {
        "text": text,
        "usage": Usage(10, 5),
        "finish_reason": "stop",
        "latency_ms": 100.0,
        "model": "small",
    }
    return ChatReply(**(values | changes))  # type: ignore[arg-type]


Said = str | ChatReply | ProviderError


class Model:
    """`answer` is a text, a reply or an error to raise, or gives one of these for each request."""

    def __init__(self, answer: Said | Callable[[ChatRequest], Said]) -> None:
        self._answer = answer
        self.asked: list[ChatRequest] = []

    async def __call__(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        # Others get their turn, so that requests sent together really overlap.
        await asyncio.sleep(0)
        outcome = self._answer(request) if callable(self._answer) else self._answer
        if isinstance(outcome, ProviderError):
            raise outcome
        return reply(outcome) if isinstance(outcome, str) else outcome


def outcomes(
    kind: str, payloads: Sequence[Mapping[str, object]], model: Model, settings: Settings | None = None
) -> list[Outcome]:
    return asyncio.run(KINDS[kind].answer(payloads, settings or Settings(model="small"), model))


def answers(
    kind: str, payloads: Sequence[Mapping[str, object]], model: Model, settings: Settings | None = None
) -> list[Answer]:
    """The outcomes, all of which must be answers."""
    found = [outcome for outcome in outcomes(kind, payloads, model, settings) if isinstance(outcome, Answer)]
    assert len(found) == len(payloads)
    return found

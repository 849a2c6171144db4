"""The requests that a run would make: its task kind is answered with texts of the likely length."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image as Picture

from evalapp.kinds.base import Payload, Settings, TaskKind
from evalapp.providers.messages import ChatReply, ChatRequest, ImagePart, Usage
from evalapp.providers.simulated import Simulated
from evalapp.registry.tokenizing import picture_tokens

#: What an endpoint adds for each message's role and separators, in tokens.
MESSAGE_TOKENS = 4
_FILLER = "word "


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """One request with the tokens it would bring: in, and out if the answer has the likely length."""

    request: ChatRequest
    input_tokens: int
    output_tokens: int


async def rehearse(
    kind: TaskKind, payloads: Sequence[Payload], settings: Settings, *, batch_size: int, output_tokens: int
) -> list[Rehearsed]:
    """Every request for these payloads, so many to a batch, in order.

    Answers of a conversation and notes on a document's parts come back in later requests, so they are given
    ``output_tokens`` words; answers in a schema are made up in full.
    """
    found: list[Rehearsed] = []
    made_up = Simulated(latency_ms=0.0, quality=1.0, sleep=_at_once)

    async def ask(request: ChatRequest) -> ChatReply:
        if request.response_schema is not None:
            reply = await made_up(request)
            likely = settings.count_tokens(reply.text)
        else:
            reply = _filler(request, output_tokens)
            likely = output_tokens
        found.append(Rehearsed(request, tokens_of(request, settings), likely))
        return reply

    for start in range(0, len(payloads), batch_size):
        await kind.answer(payloads[start : start + batch_size], settings, ask)
    return found


def tokens_of(request: ChatRequest, settings: Settings) -> int:
    """About how many input tokens a request has: its texts, its pictures, its schema."""
    count = settings.count_tokens
    total = sum(count(message.text) + MESSAGE_TOKENS for message in request.messages)
    if request.response_schema is not None:
        total += count(json.dumps(request.response_schema.schema))
    parts = [
        part
        for message in request.messages
        if not isinstance(message.content, str)
        for part in message.content
    ]
    return total + sum(_picture(part) for part in parts if isinstance(part, ImagePart))


def _picture(part: ImagePart) -> int:
    with Picture.open(io.BytesIO(part.data)) as picture:
        return picture_tokens(*picture.size, detail=part.detail)


def _filler(request: ChatRequest, tokens: int) -> ChatReply:
    return ChatReply(
        text=_FILLER * max(1, tokens),
        usage=Usage(0, tokens, estimated=True),
        finish_reason="stop",
        latency_ms=0.0,
        model=request.model,
    )


async def _at_once(_seconds: float) -> None:
    """Wait for nothing."""

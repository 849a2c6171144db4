"""Conversations: the user's turns are asked in order, and each sees the conversation so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import Ask, ChatReply, Message

from .base import Answer, Field, FieldProblem, Outcome, Payload, Reading, Settings, answer_of, settled_alone


class Chat:
    name = "chat"
    label = "Conversations"
    batch_size = 1
    fields = (Field("turns", "the user's messages, in order", type="list of texts", required=True),)

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        return settled_alone(payloads)

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for payload in payloads:
            try:
                outcomes.append(await _conversation(payload, settings, ask))
            except ProviderError as error:
                outcomes.append(error)
        return outcomes

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """None: conversations are judged by people only."""
        del payload, output
        return None


async def _conversation(payload: Payload, settings: Settings, ask: Ask) -> Answer:
    """Every turn in order. A turn that is refused or cut short is part of the conversation; one that fails
    ends it, because later turns would answer to something that was never said."""
    turns = payload["turns"]
    if not isinstance(turns, Sequence) or isinstance(turns, str):
        raise TypeError("a chat payload needs `turns`, a list of texts")
    said: list[Message] = []
    replies: list[ChatReply] = []
    for step, turn in enumerate(turns):
        said.append(Message("user", str(turn)))
        reply = await ask(settings.request(*said, step=step))
        replies.append(reply)
        said.append(Message("assistant", reply.text or reply.refusal or ""))
    return answer_of(
        [reply.text or reply.refusal or "" for reply in replies],
        replies,
        {"turns": [_turn(step, reply) for step, reply in enumerate(replies)]},
    )


def _turn(step: int, reply: ChatReply) -> dict[str, object]:
    return {
        "step": step,
        "finish_reason": reply.finish_reason,
        "refused": reply.refusal is not None,
        "latency_ms": reply.latency_ms,
        "first_token_ms": reply.first_token_ms,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
    }

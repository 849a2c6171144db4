"""Questions and open-ended prompts, one request each; exact match when there is a reference."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence

from evalapp.providers.messages import Ask, ChatRequest, Message

from .base import (
    Field,
    FieldProblem,
    Outcome,
    Payload,
    Reading,
    Settings,
    ask_in_turn,
    plain_answer,
    settled_alone,
    text_of,
)

ARTICLES = re.compile(r"\b(a|an|the)\b")
WITHOUT_PUNCTUATION = str.maketrans("", "", string.punctuation)


class QuestionAnswering:
    name = "qa"
    label = "Question answering"
    batch_size = 1
    fields = (
        Field("prompt", "what the model is asked", required=True),
        Field("reference", "the expected answer, for the exact-match check"),
    )

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        return settled_alone(payloads)

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        def request(payload: Payload) -> ChatRequest:
            return settings.request(Message("user", text_of(payload, "prompt")))

        return [plain_answer(reply) for reply in await ask_in_turn(payloads, request, ask)]

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """{"exact_match": bool} after normalisation; None without a reference."""
        reference = text_of(payload, "reference")
        if not reference or not isinstance(output, str):
            return None
        return {"exact_match": normalised(output) == normalised(reference)}


def normalised(text: str) -> str:
    """An answer reduced to what counts: lower case, no ASCII punctuation, no English articles, single spaces.

    The normalisation of the SQuAD evaluation (Rajpurkar et al., 2016, https://arxiv.org/abs/1606.05250), in
    its order: case, punctuation, articles, white space.
    """
    plain = text.lower().translate(WITHOUT_PUNCTUATION)
    return " ".join(ARTICLES.sub(" ", plain).split())

"""Summaries: one request when the document fits; otherwise parts, asked concurrently, merged recursively.

The plan in an answer's detail has one entry per part: the step of its request, its level (0 for the document,
1 for the notes on it, and so on), where it begins and ends in that level's text in characters, its tokens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evalapp.providers.errors import InputTooLong, ProviderError
from evalapp.providers.messages import Ask, ChatReply, ChatRequest, Message

from .base import (
    Answer,
    Field,
    FieldProblem,
    Outcome,
    Payload,
    Reading,
    Settings,
    answer_of,
    settled_alone,
    text_of,
)
from .splitting import split

DEFAULT_INSTRUCTION = "Summarise the following text."
PART_INSTRUCTION = (
    "The text is part {number} of {count} of a longer document. Write down what this part says that bears on "
    "the request above, in at most {words} words, without introduction."
)
MERGE_INSTRUCTION = (
    "What follows are notes on the consecutive parts of one long document, in order. "
    "Answer the request above from them, as if from the document itself; do not mention notes or parts."
)
SMALLEST_ROOM_TOKENS = 32  # below this no useful part of a document fits beside the instructions
MESSAGE_TOKENS = 8  # what an endpoint adds per request for roles and separators
NOTES_SHARE = 0.5  # of the room for the merged notes; the other half absorbs wordy models
WORDS_PER_TOKEN = 0.7


class Summarize:
    name = "summarize"
    label = "Summaries"
    batch_size = 1
    fields = (
        Field("document", "the text to summarise", required=True),
        Field("instruction", f"what is asked about it; “{DEFAULT_INSTRUCTION}” when left out"),
        Field("reference", "a summary made by a person, shown to nobody who judges"),
    )

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        return settled_alone(payloads)

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for payload in payloads:
            instruction = text_of(payload, "instruction") or DEFAULT_INSTRUCTION
            try:
                outcomes.append(await _Summary(instruction, settings, ask).of(text_of(payload, "document")))
            except ProviderError as error:
                outcomes.append(error)
        return outcomes

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """{"words": count, "compression": its share of the document's words}."""
        document_words = len(text_of(payload, "document").split())
        if not isinstance(output, str) or not document_words:
            return None
        words = len(output.split())
        return {"words": words, "compression": words / document_words}


@dataclass
class _Summary:
    """One summary in the making: counts its requests and writes down its plan."""

    instruction: str
    settings: Settings
    ask: Ask
    steps: int = 0
    plan: list[dict[str, object]] = field(default_factory=list)
    replies: list[ChatReply] = field(default_factory=list)

    async def of(self, document: str) -> Answer:
        text, notice, level = document, "", 0
        while True:
            room = self._room(notice)
            if room is None or self.settings.count_tokens(text) <= room:
                reply = await self._ask(notice, text, self._next_step())
                self.replies.append(reply)
                return answer_of(reply.text, self.replies, {"levels": level, "parts": self.plan})
            notes = await self._notes(text, level)
            if len(notes) >= len(text):
                raise InputTooLong(
                    "the notes on the parts are no shorter than the text, so merging would never end; "
                    "use a model with a larger context"
                )
            text, notice, level = notes, MERGE_INSTRUCTION, level + 1

    async def _notes(self, text: str, level: int) -> str:
        """What the model notes on each part of the text, in order, one paragraph a part."""
        # Written out with more digits than there will be parts, so that no part's request outgrows the room.
        room = self._room(PART_INSTRUCTION.format(number=99_999, count=99_999, words=99_999))
        merge_room = self._room(MERGE_INSTRUCTION)
        if room is None or merge_room is None:
            raise AssertionError("a text is only cut when there is a limit")
        parts = split(text, room, self.settings.count_tokens)
        words = max(20, int(min(merge_room / len(parts), room / 2) * NOTES_SHARE * WORDS_PER_TOKEN))
        places = asyncio.Semaphore(self.settings.max_parallel)
        start = 0
        asked = []
        for number, part in enumerate(parts, start=1):
            step = self._next_step()
            self.plan.append(
                {
                    "step": step,
                    "level": level,
                    "start": start,
                    "end": start + len(part),
                    "tokens": self.settings.count_tokens(part),
                }
            )
            start += len(part)
            notice = PART_INSTRUCTION.format(number=number, count=len(parts), words=words)
            asked.append(self._ask_in_place(places, notice, part, step))
        # All are awaited before an error is raised: answers that are under way have been paid for, and the
        # cache will hand them back when the sample is tried again.
        replies = await asyncio.gather(*asked, return_exceptions=True)
        notes: list[str] = []
        for reply in replies:
            if isinstance(reply, BaseException):
                raise reply
            self.replies.append(reply)
            notes.append(reply.text.strip())
        return "\n\n".join(notes)

    def _room(self, notice: str) -> int | None:
        """Tokens left for the text beside everything else in the request."""
        limit = self.settings.max_input_tokens
        if limit is None:
            return None
        spent = sum(
            self.settings.count_tokens(message.text) + MESSAGE_TOKENS
            for message in self._request(notice, "", 0).messages
        )
        if limit - spent < SMALLEST_ROOM_TOKENS:
            raise InputTooLong(
                f"the instructions take {spent} of {limit} input tokens and leave no room for the document; "
                "shorten the system prompt or use a model with a larger context"
            )
        return limit - spent

    def _next_step(self) -> int:
        self.steps += 1
        return self.steps - 1

    def _request(self, notice: str, text: str, step: int) -> ChatRequest:
        content = "\n\n".join(part for part in (self.instruction, notice, text) if part)
        return self.settings.request(Message("user", content), step=step)

    async def _ask_in_place(self, places: asyncio.Semaphore, notice: str, text: str, step: int) -> ChatReply:
        async with places:
            return await self._ask(notice, text, step)

    async def _ask(self, notice: str, text: str, step: int) -> ChatReply:
        return await self.ask(self._request(notice, text, step))

"""What every task kind is: fields it reads, questions it asks, checks it makes.

A kind gets payloads and an `ask`; caching, retries, limits and the ledger are wrapped around `ask` and are
none of its business. Adding a kind is adding one file like `qa.py` and one line to `KINDS`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import (
    Ask,
    ChatReply,
    ChatRequest,
    ImageDetail,
    JsonSchema,
    Message,
    Sampling,
    estimate_tokens,
)

FieldType = Literal["text", "list of texts", "image file"]
Payload = Mapping[str, object]

# Fields any row may carry, whatever its kind; reading and importing deal with them.
COMMON_FIELDS = frozenset({"id", "outputs"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a task file: its name, what it means to whoever writes the file, and its type."""

    name: str
    meaning: str
    type: FieldType = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field of one record, and what to do about it."""

    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How a system asks: its model and prompt, its parameters, and the room it has.

    `max_input_tokens` is how many tokens of input fit beside the answer (None: no known limit), counted by
    `count_tokens`. `max_items` bounds how many items share one request where a kind batches, `max_parallel`
    how many requests of one sample are out at a time where a kind asks several at once.
    """

    model: str
    system_prompt: str = ""
    sampling: Sampling = field(default_factory=Sampling)
    stream: bool = False
    logprobs: bool = False
    max_input_tokens: int | None = None
    image_detail: ImageDetail = "auto"
    max_items: int | None = None
    max_parallel: int = 32
    count_tokens: Callable[[str], int] = estimate_tokens

    def request(
        self, *messages: Message, step: int = 0, schema: JsonSchema | None = None, instruction: str = ""
    ) -> ChatRequest:
        """A request with this system's prompt in front; `instruction` is what the kind adds to it."""
        system = "\n\n".join(part for part in (self.system_prompt, instruction) if part)
        head = (Message("system", system),) if system else ()
        return ChatRequest(
            model=self.model,
            messages=head + messages,
            sampling=self.sampling,
            response_schema=schema,
            stream=self.stream,
            logprobs=self.logprobs,
            step=step,
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's output for one sample.

    `output` is a text, for a chat a list of texts, one per turn: the forms in which outputs made elsewhere
    are imported. `detail` holds, as JSON values, what the kind noted on the way. Tokens and times are in the
    ledger, call by call.
    """

    output: str | list[str]
    finish_reason: str
    refusal: str | None = None
    detail: Mapping[str, object] = field(default_factory=dict)
    served_by: str | None = None
    fallback_reason: str | None = None


Outcome = Answer | ProviderError


class TaskKind(Protocol):
    """One kind of task. `batch_size` is how many payloads one `answer` call may take."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def batch_size(self) -> int: ...

    @property
    def fields(self) -> tuple[Field, ...]: ...

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        """The record's payload, or None with every problem it has. Values are taken as given, never repaired,
        except that lists may arrive as JSON text, because CSV has no lists."""
        ...

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        """The payloads of a whole task set, completed with what only the whole set knows (same order)."""
        ...

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        """One outcome per payload, in order. A `ProviderError` is returned in place of an answer; any other
        exception is a fault of ours and is raised."""
        ...

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """Checks that need no judge, such as {"exact_match": True}; None when there is nothing to check."""
        ...


class Reading:
    """Takes the fields of one record and collects every problem it meets."""

    def __init__(self, record: Mapping[str, object], fields: Sequence[Field]) -> None:
        self._record = record
        self._fields = {each.name: each for each in fields}
        self.payload: dict[str, object] = {}
        self.problems: list[FieldProblem] = []
        for name in record:
            if name not in self._fields and name not in COMMON_FIELDS:
                self.problem(name, f"this field is not known here{self._suggestion(name)}")

    def _suggestion(self, name: str) -> str:
        known = [*self._fields, *sorted(COMMON_FIELDS)]
        near = difflib.get_close_matches(name, known, n=1)
        if near:
            return f"; did you mean “{near[0]}”?"
        return f"; remove it, or use one of: {', '.join(known)}"

    def problem(self, field_name: str, message: str) -> None:
        self.problems.append(FieldProblem(field_name, message))

    def take_all(self) -> None:
        """Take every field by its declared type."""
        for each in self._fields.values():
            if each.type == "list of texts":
                self.texts(each.name)
            elif each.type == "text":
                self.text(each.name)

    def _given(self, name: str) -> object:
        value = self._record.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if self._fields[name].required:
                state = "is missing" if name not in self._record else "is empty"
                self.problem(name, f"the field {state}; {self._fields[name].meaning}")
            return None
        return value

    def text(self, name: str) -> None:
        value = self._given(name)
        if value is None:
            return
        if isinstance(value, str):
            self.payload[name] = value
        else:
            self.problem(name, f"expected a text, found {json_type(value)}; put it in double quotes")

    def texts(self, name: str) -> None:
        value = self._given(name)
        if value is None:
            return
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                self.problem(name, 'expected a list of texts, for example ["first", "second"]')
                return
        if not isinstance(value, list):
            self.problem(name, f"expected a list of texts, found {json_type(value)}")
            return
        if not value and self._fields[name].required:
            self.problem(name, "the list is empty; give at least one text")
            return
        wrong = [
            f"entry {number} is {'empty' if isinstance(entry, str) else json_type(entry)}"
            for number, entry in enumerate(value, start=1)
            if not isinstance(entry, str) or not entry.strip()
        ]
        for message in wrong:
            self.problem(name, f"{message}; every entry must be a text with something in it")
        if value and not wrong:
            self.payload[name] = list(value)

    def result(self) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        return (None if self.problems else self.payload), self.problems


def json_type(value: object) -> str:
    """What a JSON value is called in messages to people."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "nothing"


def settled_alone(payloads: Sequence[Payload]) -> list[dict[str, object]]:
    """For kinds whose samples do not depend on each other."""
    return [dict(payload) for payload in payloads]


def text_of(payload: Payload, name: str) -> str:
    """A payload's text field; "" when the payload has none."""
    value = payload.get(name)
    return value if isinstance(value, str) else ""


async def ask_in_turn(
    payloads: Sequence[Payload], request: Callable[[Payload], ChatRequest], ask: Ask
) -> list[ChatReply | ProviderError]:
    """For kinds with one request per sample; an error becomes that sample's outcome."""
    outcomes: list[ChatReply | ProviderError] = []
    for payload in payloads:
        try:
            outcomes.append(await ask(request(payload)))
        except ProviderError as error:
            outcomes.append(error)
    return outcomes


def answer_of(
    output: str | list[str], replies: Sequence[ChatReply], detail: Mapping[str, object] | None = None
) -> Answer:
    """The answer that these replies, in order and at least one, add up to.

    It was cut short, refused or served by a fallback when any of its replies was.
    """
    fallbacks = [reply for reply in replies if reply.fallback_reason is not None]
    refusals = [reply.refusal for reply in replies if reply.refusal is not None]
    cut = any(reply.finish_reason == "length" for reply in replies)
    return Answer(
        output=output,
        finish_reason="length" if cut else replies[-1].finish_reason,
        refusal=refusals[0] if refusals else None,
        detail=detail or {},
        served_by=(fallbacks or replies)[-1].served_by,
        fallback_reason=fallbacks[0].fallback_reason if fallbacks else None,
    )


def plain_answer(reply: ChatReply | ProviderError) -> Outcome:
    """The reply's text as it came."""
    return reply if isinstance(reply, ProviderError) else answer_of(reply.text, [reply])

"""Programming tasks: asks for code and takes the fenced block out of the answer; tests are run elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from markdown_it import MarkdownIt

from evalapp.providers.messages import Ask, ChatRequest, Message

from .base import (
    Answer,
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

INSTRUCTION = (
    "Answer with the complete {language} code in one fenced code block. "
    "Include every import and every definition it needs; do not include tests or example calls."
)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Code found in an answer. `language` is what the fence says, "" when it says nothing."""

    code: str
    language: str


class Code:
    name = "code"
    label = "Code"
    batch_size = 1
    fields = (
        Field("prompt", "what the code must do, or the beginning it must complete", required=True),
        Field("tests", "Python source whose assertions the code must pass", required=True),
        Field("entry_point", "the function the tests call; with it, `tests` may define check(candidate)"),
        Field("language", "the programming language asked for; Python when left out"),
    )

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        entry_point = text_of(reading.payload, "entry_point")
        if entry_point and not entry_point.isidentifier():
            reading.problem(
                "entry_point", f"“{entry_point}” is not a Python name; give the function's name only"
            )
        try:
            ast.parse(text_of(reading.payload, "tests"))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            place = f" in its line {line}" if line else ""
            reading.problem("tests", f"this is not Python source: {error.args[0]}{place}")
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        return settled_alone(payloads)

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        def request(payload: Payload) -> ChatRequest:
            instruction = INSTRUCTION.format(language=text_of(payload, "language") or "Python")
            return settings.request(Message("user", text_of(payload, "prompt")), instruction=instruction)

        replies = await ask_in_turn(payloads, request, ask)
        return [
            _with_code(plain_answer(reply), text_of(payload, "entry_point"))
            for payload, reply in zip(payloads, replies, strict=True)
        ]

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """None: whether code is right is found out by running it, which is the sandbox's work."""
        del payload, output
        return None


def code_in(text: str, entry_point: str = "") -> CodeBlock | None:
    """The code of an answer, or None when there is none.

    Of several fenced blocks, the first that defines the entry point, otherwise the longest. An answer without
    any fence counts as code when the whole of it is Python that defines something.
    """
    fences = [token for token in MarkdownIt("commonmark").parse(text) if token.type == "fence"]
    if fences:
        defining = [token for token in fences if entry_point and f"def {entry_point}" in token.content]
        chosen = defining[0] if defining else max(fences, key=lambda token: len(token.content))
        return CodeBlock(code=chosen.content, language=(chosen.info.split() or [""])[0].lower())
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if any(isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) for node in tree.body):
        return CodeBlock(code=text, language="")
    return None


def _with_code(outcome: Outcome, entry_point: str) -> Outcome:
    if not isinstance(outcome, Answer) or not isinstance(outcome.output, str):
        return outcome
    block = code_in(outcome.output, entry_point)
    found = {"code": block.code, "language": block.language} if block else {"code": None, "language": ""}
    return replace(outcome, detail=found)

"""Outputs as training data for a smaller model: fine-tuning lines, preference pairs, and where each is from.

The formats are OpenAI's: ``{"messages": […]}`` for supervised fine-tuning, and ``{"input": {"messages": […]},
"preferred_output": […], "non_preferred_output": […]}`` for direct preference optimisation. Both take no
further keys, so votes and provenance stand in a file of their own, line by line.
"""

import asyncio
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import IO

from evalapp.generation.preparing import with_images
from evalapp.kinds import KINDS
from evalapp.kinds.base import Payload, Settings
from evalapp.models import Generation, Run
from evalapp.models.generation import GenerationState
from evalapp.providers.messages import ChatReply, ChatRequest, Usage

#: The time every entry of the zip bears, so that the same rows give the same bytes.
NO_TIME = (1980, 1, 1, 0, 0, 0)
ROWS_AT_ONCE = 200
Message = Mapping[str, object]
Output = str | list[str]

README = """\
Training data made from model outputs.

chat.jsonl
    {"messages": [...]}: what was asked and the output to learn from; for supervised fine-tuning.
preferences.jsonl
    {"input": {"messages": [...]}, "preferred_output": [...], "non_preferred_output": [...]}:
    for direct preference optimisation. Only where the two outputs that were compared answer the very same
    messages: not for pictures, and not for conversations of several turns.
provenance.jsonl
    One line for each output: the number of its line in the two files above (from 1; null when it has none),
    where it came from, and what raters said of it.

Refusals, and outputs that were cut short by the limit on their length, are left out.
Whether outputs may be used to train another model is a matter of the terms they were made under.
"""


@dataclass(frozen=True, slots=True)
class Example:
    """An output to learn from. ``rejected`` is what it was preferred to, where the two can be a pair."""

    messages: Sequence[Message]
    preferred: str
    rejected: str | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)


def examples_of(run: Run) -> Iterator[Example]:
    """Every usable output of a run, in the order of its samples."""
    rows = (
        Generation.objects.filter(run=run, state=GenerationState.DONE, replicate=0)
        .exclude(finish_reason="length")
        .select_related("sample")
        .order_by("sample__position")
    )
    for generation in rows.iterator(chunk_size=ROWS_AT_ONCE):
        found = example(run, generation, system_prompt=str(run.configuration.get("system_prompt", "")))
        yield replace(found, provenance={"run": run.pk, **provenance_of(run, generation)})


def example(run: Run, generation: Generation, *, system_prompt: str) -> Example:
    """One output with what was asked, put as the task kind puts it to a model that has room for all of it."""
    kind = KINDS[run.task_set.kind]
    outputs = generation.output if isinstance(generation.output, list) else [str(generation.output)]
    (payload,) = with_images([generation.sample.payload])
    request, answer = asyncio.run(_asked(kind.name, payload, system_prompt, [str(each) for each in outputs]))
    messages = request.body()["messages"]
    if not isinstance(messages, list):
        raise TypeError("a request's messages are a list")
    return Example(messages, answer)


def provenance_of(run: Run, generation: Generation) -> dict[str, object]:
    """Where an output is from."""
    return {
        "task_set": run.task_set.name,
        "task_set_checksum": run.task_set.checksum,
        "kind": run.task_set.kind,
        "sample": generation.sample.key,
        "system": run.system.name,
        "served_by": generation.served_by,
        "fallback_reason": generation.fallback_reason,
        "imported": run.imported,
        "checks": {name: value for name, value in (generation.checks or {}).items() if name != "output"},
    }


def can_be_a_pair(example: Example) -> bool:
    """Whether two outputs to these messages can be compared by them alone: text only, one turn."""
    roles = [message["role"] for message in example.messages]
    return "assistant" not in roles and all(isinstance(each["content"], str) for each in example.messages)


def write_zip(target: IO[bytes], examples: Iterable[Example]) -> int:
    """Write the three files and what they are into a zip; returns how many examples there were.

    The same examples give the same bytes.
    """
    chat: list[str] = []
    pairs: list[str] = []
    origins: list[str] = []
    for each in examples:
        chat.append(_line({"messages": [*each.messages, _said(each.preferred)]}))
        if each.rejected is not None:
            pair = {
                "input": {"messages": each.messages},
                "preferred_output": [_said(each.preferred)],
                "non_preferred_output": [_said(each.rejected)],
            }
            pairs.append(_line(pair))
        places = {"chat_line": len(chat), "preference_line": None if each.rejected is None else len(pairs)}
        origins.append(_line({**places, **each.provenance}))
    files = {"README.txt": README, "chat.jsonl": "".join(chat), "provenance.jsonl": "".join(origins)}
    if pairs:
        files["preferences.jsonl"] = "".join(pairs)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, NO_TIME), text, zipfile.ZIP_DEFLATED)
    return len(chat)


async def _asked(
    kind: str, payload: Payload, system_prompt: str, outputs: list[str]
) -> tuple[ChatRequest, str]:
    """The last request that the kind makes when it is given these outputs, and what answers it."""
    asked: list[tuple[ChatRequest, str]] = []

    async def ask(request: ChatRequest) -> ChatReply:
        text = outputs[min(len(asked), len(outputs) - 1)]
        if request.response_schema is not None:
            text = json.dumps({"answers": [{"item": 1, "label": text}]}, ensure_ascii=False)
        asked.append((request, text))
        return ChatReply(text, Usage(0, 0), "stop", 0.0, request.model)

    await KINDS[kind].answer([payload], Settings(model="", system_prompt=system_prompt), ask)
    return asked[len(outputs) - 1]


def _said(text: str) -> dict[str, object]:
    return {"role": "assistant", "content": text}


def _line(record: Mapping[str, object]) -> str:
    return f"{json.dumps(record, ensure_ascii=False)}\n"

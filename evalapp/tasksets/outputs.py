"""Outputs made elsewhere, as a row carries them: one object, one JSON cell, or a column per system."""

from collections.abc import Mapping

from evalapp.kinds.base import json_type
from evalapp.problems import Problem
from evalapp.tasksets.limits import Limits
from evalapp.tasksets.records import Record
from evalapp.tasksets.strict_json import NotStrict, shown, strict_value

Output = str | list[str]
COLUMN_PREFIX = "outputs."
MOST_NAME_CHARACTERS = 200


def outputs_of(
    record: Record, *, many: bool, turn_count: int | None, faults: list[Problem], limits: Limits
) -> dict[str, Output]:
    """A row's outputs by system name. ``many``: each is a list of texts, one per turn (``turn_count``).

    A system whose value is null or an empty cell gave none. Problems are added to ``faults``.
    """
    given = _given(record, faults, limits)
    outputs: dict[str, Output] = {}
    for name, value in given.items():
        field = f"{COLUMN_PREFIX}{shown(name)}"
        message = _name_fault(name)
        if message is None and value is not None:
            output = _many(value, turn_count, limits) if many else _one(value)
            if isinstance(output, _Fault):
                message = output.message
            else:
                outputs[name] = output
        if message is not None:
            faults.append(Problem(message, line=record.line, field=field))
    return outputs


class _Fault:
    """What is wrong with one output."""

    def __init__(self, message: str) -> None:
        self.message = message


def _given(record: Record, faults: list[Problem], limits: Limits) -> dict[str, object]:
    columns = {
        name.removeprefix(COLUMN_PREFIX): value
        for name, value in record.values.items()
        if name.startswith(COLUMN_PREFIX)
    }
    whole = record.values.get("outputs")
    if isinstance(whole, str):
        try:
            whole = strict_value(whole, limits)
        except NotStrict as fault:
            faults.append(Problem(fault.message, line=record.line, field="outputs", column=fault.column))
            return columns
    if whole is None:
        return columns
    if not isinstance(whole, Mapping):
        message = f'expected an object like {{"system name": "its output"}}, found {json_type(whole)}'
        faults.append(Problem(message, line=record.line, field="outputs"))
        return columns
    doubled = sorted(columns.keys() & whole.keys())
    for name in doubled:
        message = "this system's output stands both in its own column and under “outputs”; keep one"
        faults.append(Problem(message, line=record.line, field=f"{COLUMN_PREFIX}{shown(name)}"))
    return {**whole, **columns}


def _name_fault(name: str) -> str | None:
    if not name.strip() or name != name.strip():
        return "a system's name must not be empty or begin or end with a space"
    if len(name) > MOST_NAME_CHARACTERS:
        return f"a system's name has at most {MOST_NAME_CHARACTERS} characters"
    return None if name.isprintable() else "a system's name holds characters that cannot be printed"


def _one(value: object) -> str | _Fault:
    if isinstance(value, str):
        return value
    return _Fault(f"expected a text, found {json_type(value)}; put it in double quotes")


def _many(value: object, turn_count: int | None, limits: Limits) -> list[str] | _Fault:
    if isinstance(value, str):
        try:
            value = strict_value(value, limits)
        except NotStrict:
            return _Fault('expected a list of texts, one per turn, like ["first reply", "second reply"]')
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return _Fault("expected a list of texts, one per turn")
    if turn_count is not None and len(value) != turn_count:
        return _Fault(f"{len(value)} replies to {turn_count} turns; give one reply per turn")
    return list(value)

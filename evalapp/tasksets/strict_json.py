"""JSON without its traps: no repeated keys, no NaN, no number or text that changes when it is stored."""

import json
import math
import re
from collections.abc import Iterator

from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits

# Eighteen digits always fit a signed 64-bit integer.
MOST_DIGITS = 18
HALF_PAIR = re.compile("[\ud800-\udfff]")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s{}\[\]:,"]+')


class NotStrict(ValueError):
    """Raised for JSON that cannot be taken as it stands; ``column`` counts characters from 1."""

    def __init__(self, message: str, *, column: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.field = field


class _Repeated(ValueError):
    """A key stands twice in one object."""


class _Number(ValueError):
    """A number literal that cannot be stored as it is."""


def strict_value(text: str, limits: Limits = DEFAULT_LIMITS) -> object:
    """The value of one JSON text; raises ``NotStrict`` with the column of the first fault."""
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotStrict(f"this is not JSON: {error.msg}", column=error.pos + 1) from None
    except RecursionError:
        raise NotStrict(_too_deep(limits)) from None
    except _Repeated as error:
        key = str(error.args[0])
        message = f"the key “{shown(key)}” stands twice in one object; keep one"
        raise NotStrict(message, column=_second_place(text), field=key) from None
    except _Number as error:
        literal = str(error.args[0])
        message = f"{shown(literal)} cannot be kept exactly; write it in double quotes or leave it out"
        raise NotStrict(message, column=_place(text, literal)) from None
    fault = text_fault(value, limits)
    if fault is not None:
        raise NotStrict(fault, column=_bad_text_place(text, limits))
    return value


def text_fault(value: object, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """What keeps a value from being stored: depth, length, NUL, half a surrogate pair. None: nothing."""
    rest: list[tuple[object, int]] = [(value, 0)]
    while rest:
        each, depth = rest.pop()
        if isinstance(each, str):
            fault = _string_fault(each, limits)
            if fault is not None:
                return fault
        elif isinstance(each, dict | list):
            if depth >= limits.depth:
                return _too_deep(limits)
            parts = [*each.keys(), *each.values()] if isinstance(each, dict) else each
            rest.extend((part, depth + 1) for part in parts)
    return None


def shown(text: str, most: int = 60) -> str:
    """A foreign text as it may stand in a message: one line, short, nothing unprintable."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[: most + 1])
    return f"{plain[:most]}…" if len(plain) > most else plain


def _string_fault(text: str, limits: Limits) -> str | None:
    if len(text) > limits.characters:
        return f"the text has {len(text):,} characters; at most {limits.characters:,} are taken"
    if "\x00" in text:
        return "the text holds a NUL character (\\u0000); remove it"
    if not text.isascii() and HALF_PAIR.search(text):
        return "the text holds half of a surrogate pair (\\ud800 to \\udfff); write both halves or none"
    return None


def _too_deep(limits: Limits) -> str:
    return f"lists and objects are nested deeper than {limits.depth} levels; flatten them"


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Repeated(key)
            seen.add(key)
    return found


def _integer(literal: str) -> int:
    if len(literal.lstrip("-")) > MOST_DIGITS:
        raise _Number(literal)
    return int(literal)


def _fraction(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise _Number(literal)
    return number


def _constant(literal: str) -> object:
    raise _Number(literal)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Each token with its column."""
    return ((match.group(), match.start() + 1) for match in TOKEN.finditer(text))


def _place(text: str, literal: str) -> int | None:
    return next((column for token, column in _tokens(text) if token == literal), None)


def _second_place(text: str) -> int | None:
    """The column of the first key that its object already has."""
    keys: list[set[str]] = []
    before: tuple[str, int] = ("", 0)
    for part, column in _tokens(text):
        if part in "{[":
            keys.append(set())
        elif part in "}]":
            keys.pop()
        elif part == ":":
            key = json.loads(before[0])
            if key in keys[-1]:
                return before[1]
            keys[-1].add(key)
        before = (part, column)
    return None


def _bad_text_place(text: str, limits: Limits) -> int | None:
    strings = ((token, column) for token, column in _tokens(text) if token.startswith('"'))
    return next((column for token, column in strings if _string_fault(json.loads(token), limits)), None)

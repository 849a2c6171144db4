"""The one rendering of a report: plain JSON values, rounded, with sorted keys.

Floats are rounded to ten significant digits, so that a last-bit difference between two processors does not
change the file. Keys are sorted, so that a store which forgets their order (PostgreSQL's jsonb) gives the
same bytes again. Exact decimals and times are text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

SIGNIFICANT_DIGITS = 10


def iso_utc(moment: datetime) -> str:
    """A time as `2026-03-01T12:00:00.000000Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decimal_text(amount: Decimal) -> str:
    """An exact decimal without exponent and trailing zeros: `0.000675`, `12`, `0`."""
    text = format(amount, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def rounded(number: float) -> float:
    """Ten significant digits; minus zero becomes zero. Raises ValueError for NaN and infinity."""
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot stand in a report")
    return float(f"{number:.{SIGNIFICANT_DIGITS}g}") + 0.0


def canonical(value: object) -> Json:
    """The value as plain JSON. Raises TypeError for what a report must not hold."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return rounded(float(value))
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return iso_utc(value)
    if isinstance(value, Mapping):
        return {str(key): canonical(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [canonical(item) for item in value]
    raise TypeError(f"a report cannot hold {type(value).__name__}")


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON, indented by one, keys sorted, ending with a newline: the same value gives the same
    bytes."""
    text = json.dumps(canonical(value), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1)
    return text.encode("utf-8", errors="backslashreplace") + b"\n"


@dataclass(frozen=True, slots=True)
class Report:
    """The computed figures of a study: plain values, of which page, HTML file and JSON are renderings."""

    figures: dict[str, Json]

    @classmethod
    def of(cls, figures: Mapping[str, object]) -> Report:
        """A report from figures that may still hold tuples, decimals and times."""
        return cls({key: canonical(value) for key, value in figures.items()})

    @classmethod
    def from_json(cls, data: bytes | str) -> Report:
        """Read back what `to_json` wrote."""
        figures = json.loads(data)
        if not isinstance(figures, dict):
            raise TypeError("a report is a JSON object")
        return cls(figures)

    def to_json(self) -> bytes:
        """The bytes of report.json."""
        return canonical_json(self.figures)

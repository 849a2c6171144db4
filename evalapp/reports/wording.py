"""Figures in words, for the pages: shares, intervals, milliseconds, dollars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NOTHING = "–"

OUTCOME_NAMES = {
    "enough": "Enough",
    "larger_needed": "Larger needed",
    "not_yet_known": "Not yet known",
}
OUTCOME_TONES = {"enough": "good", "larger_needed": "bad", "not_yet_known": "open"}


def number(value: float | None, digits: int = 3) -> str:
    """A number with a fixed number of decimals; a dash for none."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def count(value: int | None) -> str:
    """A whole number with thousands apart."""
    return NOTHING if value is None else f"{value:,}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def interval(estimate: Mapping[str, Any], digits: int = 3) -> str:
    """The limits with their level, or the reason why there are none."""
    if estimate.get("low") is None or estimate.get("high") is None:
        return str(estimate.get("reason") or "no interval")
    level = 100 * float(estimate["level"])
    return f"{level:g} % interval {number(estimate['low'], digits)} to {number(estimate['high'], digits)}"


def limits(estimate: Mapping[str, Any], digits: int = 3) -> str:
    """The limits alone, for a table whose caption names the level."""
    if estimate.get("low") is None or estimate.get("high") is None:
        return NOTHING
    return f"{number(estimate['low'], digits)} to {number(estimate['high'], digits)}"


def p_value(value: float | None) -> str:
    """A p value with three decimals, or that it is smaller."""
    if value is None:
        return NOTHING
    return "< .001" if value < 0.001 else f"{value:.3f}"


def milliseconds(value: float | None) -> str:
    """Milliseconds below one second, seconds above."""
    if value is None:
        return NOTHING
    return f"{value:,.0f} ms" if value < 1000 else f"{value / 1000:,.2f} s"


def dollars(value: str | None) -> str:
    """An exact amount in US dollars."""
    return NOTHING if value is None else f"{value} USD"


def words(name: str) -> str:
    """A key as words: no_majority becomes "no majority"."""
    return name.replace("_", " ")


def outcome(name: str) -> str:
    """The decision in a word or two."""
    return OUTCOME_NAMES[name]


def tone(name: str) -> str:
    """The class that colours a decision."""
    return OUTCOME_TONES[name]


def cell(value: object) -> str:
    """A value in a chart's data table."""
    if value is None:
        return NOTHING
    if isinstance(value, float):
        return f"{value:,.4g}"
    return count(value) if isinstance(value, int) else str(value)


FILTERS: dict[str, Callable[..., str]] = {
    "number": number,
    "thousands": count,
    "percent": percent,
    "interval": interval,
    "limits": limits,
    "p_value": p_value,
    "milliseconds": milliseconds,
    "dollars": dollars,
    "words": words,
    "outcome": outcome,
    "tone": tone,
    "cell": cell,
}

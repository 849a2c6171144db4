"""``{% load measures %}``: amounts in words for people; a dash stands where there is none."""

import json
from collections.abc import Iterable
from decimal import Decimal

from django import template

register = template.Library()

NOTHING = "–"


@register.filter
def usd(amount: Decimal | None) -> str:
    """An amount in US dollars, with the unit."""
    return NOTHING if amount is None else f"{dollars(amount)} USD"


@register.filter
def dollars(amount: Decimal | None) -> str:
    """An amount in US dollars, bare: cents from one dollar on, two significant digits below that."""
    if amount is None:
        return NOTHING
    if amount == 0:
        return "0"
    digits = 2 if abs(amount) >= 1 else max(2, 1 - amount.adjusted())
    return f"{amount:,.{digits}f}"


@register.filter
def rate(amount: Decimal | None) -> str:
    """A price per million tokens, exact, with cents at least."""
    if amount is None:
        return NOTHING
    exact = amount.normalize()
    exponent = exact.as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{exact:,.{digits}f}"


@register.filter
def milliseconds(amount: float | None) -> str:
    """Milliseconds below one second, seconds above."""
    if amount is None:
        return NOTHING
    return f"{amount:,.0f} ms" if amount < 1000 else f"{amount / 1000:,.2f} s"


@register.filter
def span(seconds: float | None) -> str:
    """A length of time, as precise as anybody needs it while waiting."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


@register.filter
def number(amount: float | None, digits: int = 0) -> str:
    """A number with its thousands apart."""
    return NOTHING if amount is None else f"{amount:,.{digits}f}"


@register.filter
def percent(share: float | None) -> str:
    """A share as a percentage."""
    return NOTHING if share is None else f"{100 * share:.1f} %"


@register.filter
def words(name: str) -> str:
    """A key as words: ``exact_match`` becomes "exact match"."""
    return name.replace("_", " ")


@register.filter
def measure(value: object) -> str:
    """A check's value: whole numbers as they are, others with two decimals."""
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


@register.filter
def quoted(texts: Iterable[str]) -> str:
    """Texts in double quotes, with line ends and the like as they are written in JSON."""
    return ", ".join(json.dumps(text, ensure_ascii=False) for text in texts)

"""Prices of models for a log of calls, from models.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from evalapp.reports.csvfile import FileProblem
from evalapp.reports.rows import PriceRow
from evalapp.reports.usage import cost_usd


@dataclass(frozen=True, slots=True)
class PriceList:
    """The latest price of each model that has come into force."""

    source: str
    prices: Mapping[str, PriceRow]

    def __contains__(self, model: object) -> bool:
        return model in self.prices

    def cost(self, model: str, tokens: Mapping[str, int]) -> Decimal:
        """The exact cost of token counts under the names of the columns."""
        return cost_usd(
            self.prices[model],
            tokens.get("input_tokens", 0),
            tokens.get("output_tokens", 0),
            tokens.get("cached_input_tokens", 0),
        )


def read_price_list(path: Path, *, today: date) -> PriceList:
    """The prices in models.toml: any table with a model's name and its prices, at whatever depth it stands.

    Raises FileProblem when the file is not TOML or a price is not a number.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise FileProblem(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileProblem(path, f"is not TOML: {error}") from error
    found: dict[str, PriceRow] = {}
    for model, table in _price_tables(content, None):
        price = _price(path, model, table)
        if price.valid_from.date() <= today and (
            model not in found or found[model].valid_from < price.valid_from
        ):
            found[model] = price
    return PriceList(path.name, found)


def _price_tables(value: object, model: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        for item in value:
            yield from _price_tables(item, model)
    if isinstance(value, dict):
        named = value.get("model", value.get("name"))
        model = named if isinstance(named, str) else model
        if "input_usd_per_mtok" in value and model is not None:
            yield model, value
        for key, item in value.items():
            if isinstance(item, dict | list):
                yield from _price_tables(item, model if isinstance(item, list) or model else key)


def _price(path: Path, model: str, table: dict[str, Any]) -> PriceRow:
    cached = table.get("cached_input_usd_per_mtok")
    return PriceRow(
        model=model,
        input_usd_per_mtok=_amount(path, model, "input_usd_per_mtok", table.get("input_usd_per_mtok")),
        cached_input_usd_per_mtok=(
            None if cached is None else _amount(path, model, "cached_input_usd_per_mtok", cached)
        ),
        output_usd_per_mtok=_amount(path, model, "output_usd_per_mtok", table.get("output_usd_per_mtok")),
        valid_from=_day(path, model, table.get("valid_from")),
        source_url=str(table.get("source_url", "")),
        checked_on=str(table.get("checked_on", "")),
    )


def _amount(path: Path, model: str, name: str, value: object) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0 or isinstance(value, bool):
        raise FileProblem(path, f"model {model}: {name} must be a number of at least 0, not {value!r}")
    return amount


def _day(path: Path, model: str, value: object) -> datetime:
    if value is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        day = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        raise FileProblem(path, f"model {model}: valid_from {value!r} is not a date") from None
    return datetime.combine(day, time.min, tzinfo=UTC)

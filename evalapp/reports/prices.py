"""Prices of models for a log of calls, from models.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
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
    """The price in force of each model, also by the names of the systems that it serves."""

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
    """The price in force today of every `[[model]]` in models.toml, by `endpoint/name` and by the names of
    its `[[system]]`s; by its plain name too, unless two endpoints serve that name at different prices.

    Raises FileProblem when the file is not TOML or a price is not a number.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise FileProblem(path, f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FileProblem(path, f"is not TOML: {error}") from error
    by_place: dict[str, PriceRow] = {}
    by_name: dict[str, list[PriceRow]] = {}
    for table in _tables(content, "model"):
        name = str(table.get("name", ""))
        prices = [_price(path, name, entry) for entry in _tables(table, "price")]
        begun = [price for price in prices if price.valid_from.date() <= today]
        if begun:
            latest = max(begun, key=lambda price: price.valid_from)
            by_place[f"{table.get('endpoint')}/{name}"] = latest
            by_name.setdefault(name, []).append(latest)
    plain = {
        name: prices[0] for name, prices in by_name.items() if len({_rates(price) for price in prices}) == 1
    }
    models = by_place | plain
    systems = {str(table.get("name")): str(table.get("model")) for table in _tables(content, "system")}
    return PriceList(
        path.name, {system: models[model] for system, model in systems.items() if model in models} | models
    )


def _tables(table: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = table.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _rates(price: PriceRow) -> tuple[Decimal, Decimal | None, Decimal]:
    return price.input_usd_per_mtok, price.cached_input_usd_per_mtok, price.output_usd_per_mtok


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

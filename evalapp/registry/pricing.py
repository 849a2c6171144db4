"""What a call costs, in exact decimals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evalapp.providers.messages import Usage

TOKENS_PER_PRICE_DIGITS = 6  # prices are per 10^6 tokens


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Prices in USD per million tokens, in force from `valid_from` until a later price begins.

    Without a price for cached input, cached tokens cost what other input costs. `batch_discount` is the share
    taken off where the endpoint answers in batches, from 0 to 1; None where it has no batches.
    """

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None = None
    valid_from: date = date.min
    batch_discount: Decimal | None = None

    def __post_init__(self) -> None:
        named = {
            "input_usd_per_mtok": self.input_usd_per_mtok,
            "output_usd_per_mtok": self.output_usd_per_mtok,
            "cached_input_usd_per_mtok": self.cached_input_usd_per_mtok,
        }
        for name, amount in named.items():
            if amount is not None and not (amount.is_finite() and amount >= 0):
                raise ValueError(f"{name} must be a number of at least 0, not {amount}")
        if self.batch_discount is not None and not 0 <= self.batch_discount <= 1:
            raise ValueError(f"batch_discount must be a share from 0 to 1, not {self.batch_discount}")


def cost_usd(usage: Usage, price: TokenPrice) -> Decimal:
    """The exact cost of one call in USD; nothing is rounded.

    Cached tokens are part of the input tokens and are charged at their own rate instead.
    Raises ValueError for negative counts and when more tokens were cached than sent.
    """
    if min(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens) < 0:
        raise ValueError(f"token counts cannot be negative: {usage}")
    if usage.cached_input_tokens > usage.input_tokens:
        raise ValueError(
            f"{usage.cached_input_tokens} cached input tokens are more than the {usage.input_tokens} sent"
        )
    cached_rate = price.cached_input_usd_per_mtok
    if cached_rate is None:
        cached_rate = price.input_usd_per_mtok
    per_million = (
        (usage.input_tokens - usage.cached_input_tokens) * price.input_usd_per_mtok
        + usage.cached_input_tokens * cached_rate
        + usage.output_tokens * price.output_usd_per_mtok
    )
    return per_million.scaleb(-TOKENS_PER_PRICE_DIGITS)


def batch_cost_usd(usage: Usage, price: TokenPrice) -> Decimal | None:
    """The exact cost of the same call answered in a batch; None where the price has no batch discount."""
    if price.batch_discount is None:
        return None
    return cost_usd(usage, price) * (1 - price.batch_discount)


def price_in_force(prices: Iterable[TokenPrice], on: date) -> TokenPrice | None:
    """The price that began last on or before a day; None when none had begun.

    Raises ValueError when two prices begin on the same day, because neither can be preferred.
    """
    begun: dict[date, TokenPrice] = {}
    for price in prices:
        if price.valid_from in begun:
            raise ValueError(f"two prices begin on {price.valid_from.isoformat()}")
        begun[price.valid_from] = price
    return max(
        (price for price in begun.values() if price.valid_from <= on),
        key=lambda price: price.valid_from,
        default=None,
    )

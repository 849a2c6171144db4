"""Exact costs, and the price in force on a day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.providers.messages import Usage
from evalapp.registry.pricing import TokenPrice, cost_usd, price_in_force

MINI = TokenPrice(Decimal("0.15"), Decimal("0.60"), Decimal("0.075"), date(2024, 7, 18))
amounts = st.decimals(min_value=0, max_value=1000, places=6)
counts = st.integers(0, 10**9)


def test_five_hundred_in_and_a_thousand_out_cost_what_the_protocol_says() -> None:
    assert cost_usd(Usage(input_tokens=500, output_tokens=1000), MINI) == Decimal("0.000675")


def test_cached_input_has_its_own_rate() -> None:
    usage = Usage(input_tokens=500, output_tokens=1000, cached_input_tokens=400)
    assert cost_usd(usage, MINI) == Decimal("0.000645")


def test_without_a_rate_of_its_own_cached_input_costs_like_other_input() -> None:
    price = TokenPrice(Decimal("0.15"), Decimal("0.60"))
    usage = Usage(input_tokens=500, output_tokens=1000, cached_input_tokens=400)
    assert cost_usd(usage, price) == Decimal("0.000675")


def test_a_free_cache_is_not_a_missing_rate() -> None:
    price = TokenPrice(Decimal(1), Decimal(1), Decimal(0))
    assert cost_usd(Usage(1_000_000, 0, cached_input_tokens=1_000_000), price) == 0


@given(amounts, amounts, counts, counts)
def test_costs_are_exact_and_add_up(rate_in: Decimal, rate_out: Decimal, sent: int, received: int) -> None:
    price = TokenPrice(rate_in, rate_out)
    whole = cost_usd(Usage(sent, received), price)
    assert whole * 1_000_000 == sent * rate_in + received * rate_out
    assert whole == cost_usd(Usage(sent, 0), price) + cost_usd(Usage(0, received), price)


@pytest.mark.parametrize("usage", [Usage(-1, 0), Usage(0, -1), Usage(1, 1, -1)])
def test_negative_counts_are_refused(usage: Usage) -> None:
    with pytest.raises(ValueError, match="negative"):
        cost_usd(usage, MINI)


def test_more_cached_than_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="6 cached input tokens are more than the 5 sent"):
        cost_usd(Usage(5, 0, 6), MINI)


@pytest.mark.parametrize("amount", ["-0.01", "NaN", "Infinity"])
def test_a_price_is_a_number_of_at_least_nothing(amount: str) -> None:
    with pytest.raises(ValueError, match="output_usd_per_mtok"):
        TokenPrice(Decimal(1), Decimal(amount))


def test_the_price_that_began_last_is_in_force() -> None:
    later = TokenPrice(Decimal(1), Decimal(2), valid_from=date(2025, 1, 1))
    prices = [later, MINI]
    assert price_in_force(prices, date(2024, 7, 17)) is None
    assert price_in_force(prices, date(2024, 7, 18)) is MINI
    assert price_in_force(prices, date(2024, 12, 31)) is MINI
    assert price_in_force(prices, date(2025, 1, 1)) is later
    assert price_in_force([], date(2025, 1, 1)) is None


def test_two_prices_that_begin_on_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="2024-07-18"):
        price_in_force([MINI, MINI], date(2025, 1, 1))

"""Latency, tokens and cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from evalapp.reports.rows import GenerationRow
from evalapp.reports.usage import (
    by_concurrency,
    cost_figures,
    cost_usd,
    latency_figures,
    latency_histogram,
    ordered_limits,
    system_usage,
    usage_by_system,
)
from tests.reports.studies import SMALL, call_rows, generation_rows, price_rows


def test_at_a_hundred_values_p95_lies_between_the_90th_and_the_99th() -> None:
    assert ordered_limits(100) == (90, 99)


@given(st.integers(1, 3000))
def test_limits_of_p95_reach_their_level_and_no_closer_pair_of_them_does(n: int) -> None:
    limits = ordered_limits(n)
    if limits is None:
        assert 1 - 0.95**n - 0.05**n < 0.95
        return
    low, high = limits
    assert 1 <= low < high <= n
    assert binom.cdf(high - 1, n, 0.95) - binom.cdf(low - 1, n, 0.95) >= 0.95 - 1e-9
    starts = np.arange(1, n - (high - low) + 2)
    narrower = binom.cdf(starts + (high - low) - 2, n, 0.95) - binom.cdf(starts - 1, n, 0.95)
    assert (narrower < 0.95 + 1e-9).all()


def test_latency_figures_by_hand() -> None:
    figures = latency_figures([400.0, 100.0, 300.0, 200.0])
    assert {key: figures[key] for key in ("n", "median", "mean", "min", "max")} == {
        "n": 4,
        "median": 250.0,
        "mean": 250.0,
        "min": 100.0,
        "max": 400.0,
    }
    assert figures["sd"] == pytest.approx(129.09944487)
    assert figures["p95"] == pytest.approx(385.0)
    assert (figures["p95_low"], figures["p95_high"]) == (None, None)
    assert "4 values are too few" in str(figures["reason"])


@pytest.mark.parametrize("values", [[], [5.0]])
def test_few_latencies_have_nulls_and_a_reason(values: list[float]) -> None:
    figures = latency_figures(values)
    assert figures["n"] == len(values)
    assert figures["sd"] is None
    assert figures["reason"]


def test_the_cost_of_the_published_example_is_exact() -> None:
    # 500 input and 1,000 output tokens at 0.15 and 0.60 USD per million.
    assert cost_usd(price_rows()[0], 500, 1000) == Decimal("0.000675")


def test_cached_tokens_cost_their_own_rate_where_there_is_one() -> None:
    price = replace(price_rows()[0], cached_input_usd_per_mtok=Decimal("0.075"))
    assert cost_usd(price, 1000, 0, cached_input_tokens=400) == Decimal("0.00012")
    assert cost_usd(price_rows()[0], 1000, 0, cached_input_tokens=400) == Decimal("0.00015")


def test_costs_add_up_exactly_and_an_unknown_one_is_not_a_zero() -> None:
    assert cost_figures([Decimal("0.1")] * 3) == {
        "total": Decimal("0.3"),
        "per_call": Decimal("0.100000000000"),
    }
    assert cost_figures([Decimal("0.1"), None])["total"] is None
    assert cost_figures([Decimal("0.1"), None])["reason"] == "1 of 2 had no price"


def test_only_measured_outputs_enter_latency_where_there_are_any() -> None:
    rows = generation_rows(3, systems=(SMALL,))
    rows = [replace(rows[0], measured=False, latency_ms=9999.0), *rows[1:]]
    figures = system_usage(rows, [])
    assert figures["measured"] is True
    assert figures["latency_ms"]["n"] == 2  # type: ignore[index]
    assert figures["latency_ms"]["max"] < 9999  # type: ignore[index]


def test_failed_refused_truncated_and_fallen_back_outputs_are_counted_apart() -> None:
    base = GenerationRow(system=SMALL, sample="s", task_kind="qa", latency_ms=10.0, cost_usd=Decimal(1))
    rows = [
        base,
        replace(base, status="failed", error="TimedOut", cost_usd=None, latency_ms=60_000.0),
        replace(base, status="refused"),
        replace(base, finish_reason="length"),
        replace(base, fallback_reason="label unknown"),
    ]
    calls = [
        *call_rows([base]),
        replace(call_rows([base])[0], try_number=2, state="failed", error="RateLimited"),
    ]
    figures = system_usage(rows, calls)
    counts = {name: (rate["count"], rate["of"]) for name, rate in figures["rates"].items()}  # type: ignore[attr-defined]
    assert counts == {
        "error": (1, 5),
        "refusal": (1, 5),
        "truncation": (1, 4),
        "fallback": (1, 4),
        "retry": (1, 2),
        "cached": (0, 2),
    }
    assert figures["fallback_reasons"] == {"label unknown": 1}
    assert figures["errors"] == {"RateLimited": 1}
    assert figures["latency_ms"]["max"] == 10.0  # type: ignore[index]


def test_imported_outputs_have_neither_latency_nor_cost() -> None:
    figures = system_usage([replace(generation_rows(1)[0], imported=True)], [])
    assert figures["latency_ms"]["n"] == 0  # type: ignore[index]
    assert figures["cost_usd"]["reason"] == "the outputs were made elsewhere"  # type: ignore[index]


def test_usage_is_given_for_each_system_and_task_kind_in_declared_order() -> None:
    rows = generation_rows(4, kinds=("qa", "code"))
    entries = usage_by_system(rows, call_rows(rows), ("large", "small"))
    assert [(entry["system"], entry["task_kind"], entry["generations"]) for entry in entries] == [
        ("large", "code", 2),
        ("large", "qa", 2),
        ("small", "code", 2),
        ("small", "qa", 2),
    ]


def test_throughput_is_calls_over_the_time_they_took_together() -> None:
    calls = [replace(call, latency_ms=500.0, concurrency=4) for call in call_rows(generation_rows(2)[:3])]
    (point,) = by_concurrency(calls)
    # Sent one second apart, the last answered half a second after it was sent.
    assert point["calls_per_second"] == pytest.approx(3 / 2.5)
    assert (point["concurrency"], point["n"], point["median_ms"]) == (4, 3, 500.0)


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_the_histogram_holds_every_value(latencies: list[float]) -> None:
    assert sum(part["count"] for part in latency_histogram(latencies)) == len(latencies)  # type: ignore[misc]

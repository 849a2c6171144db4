"""Win rates, the sign test, Holm's adjustment and the verdict against the margin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from evalapp.reports.estimates import Estimate, undefined, wilson, with_interval
from evalapp.reports.judgments import judgments_of
from evalapp.reports.preference import (
    holm,
    mean_scores,
    sign_test,
    standard_error,
    verdict_against_margin,
    win_rates,
)
from evalapp.reports.rows import CHOICES, Choice, JudgmentRow
from tests.reports.studies import LARGE, SMALL, judgment, study_rows

samples_of_choices = st.lists(
    st.lists(st.sampled_from(CHOICES), min_size=1, max_size=4), min_size=1, max_size=8
)


def rows_of(samples: list[list[Choice]]) -> list[JudgmentRow]:
    return [
        judgment(sample, rater, choice)
        for sample, choices in enumerate(samples)
        for rater, choice in enumerate(choices)
    ]


def test_win_rate_is_the_mean_over_samples_of_the_mean_over_raters() -> None:
    # Sample 0: win, tie, loss = 1/2. Sample 1: one win = 1. Sample 2: both bad, loss = 1/4. Mean 7/12.
    rates = win_rates(judgments_of(rows_of([["a", "tie", "b"], ["a"], ["both_bad", "b"]])), seed=1)
    assert rates[SMALL].value == pytest.approx(7 / 12)
    assert rates[LARGE].value == pytest.approx(5 / 12)


@settings(deadline=None, max_examples=15)
@given(samples_of_choices)
def test_exchanging_the_systems_mirrors_every_figure(samples: list[list[Choice]]) -> None:
    mirrored: dict[Choice, Choice] = {"a": "b", "b": "a", "tie": "tie", "both_bad": "both_bad"}
    rows = rows_of(samples)
    exchanged = [
        replace(
            row,
            system_a=row.system_b,
            system_b=row.system_a,
            shown_left="b" if row.shown_left == "a" else "a",
            choice=mirrored[row.choice],
        )
        for row in rows
    ]
    assert win_rates(judgments_of(rows), seed=3) == win_rates(judgments_of(exchanged), seed=3)
    rates = win_rates(judgments_of(rows), seed=3)
    for one, other in (("value", "value"), ("low", "high"), ("high", "low")):
        here, there = getattr(rates[SMALL], one), getattr(rates[LARGE], other)
        assert (here is None) == (there is None)
        assert here is None or here == pytest.approx(1 - there)


@settings(deadline=None, max_examples=15)
@given(samples_of_choices, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(samples: list[list[Choice]], chance: object) -> None:
    rows = rows_of(samples)
    shuffled = chance.sample(rows, len(rows))  # type: ignore[attr-defined]
    assert win_rates(judgments_of(rows), seed=3) == win_rates(judgments_of(shuffled), seed=3)


def test_more_samples_of_the_same_kind_narrow_the_interval() -> None:
    pattern: list[list[Choice]] = [["a", "a", "b"], ["b", "b", "tie"], ["a", "tie", "tie"]]
    widths = []
    for times in (5, 20, 80):
        rate = win_rates(judgments_of(rows_of(pattern * times)), seed=2)[SMALL]
        assert rate.low is not None
        assert rate.high is not None
        widths.append(rate.high - rate.low)
    assert widths[0] > 1.7 * widths[1] > 1.7 * 1.7 * widths[2]


def test_repeating_raters_of_one_sample_does_not_narrow_the_interval() -> None:
    few = win_rates(judgments_of(rows_of([["a"], ["b"], ["a"], ["tie"]])), seed=2)[SMALL]
    many = win_rates(judgments_of(rows_of([["a"] * 9, ["b"] * 9, ["a"] * 9, ["tie"] * 9])), seed=2)[SMALL]
    assert (few.low, few.high) == (many.low, many.high)


def test_standard_error_is_the_deviation_of_sample_means_over_the_root_of_their_number() -> None:
    judgments = judgments_of(rows_of([["a"], ["b"], ["a"], ["tie"]]))
    expected = np.array([1, 0, 1, 0.5]).std(ddof=1) / 2
    assert standard_error(judgments, SMALL) == pytest.approx(expected)
    assert standard_error(judgments_of(rows_of([["a"]])), SMALL) is None


def test_one_sample_has_a_rate_without_interval_and_says_why() -> None:
    rate = win_rates(judgments_of(rows_of([["a", "tie"]])), seed=1)[SMALL]
    assert (rate.value, rate.low, rate.high, rate.reason) == (
        0.75,
        None,
        None,
        "one sample gives no interval",
    )


def test_no_judgments_have_no_rates() -> None:
    assert win_rates(judgments_of([]), seed=1) == {}


@given(st.integers(0, 60), st.integers(0, 60))
def test_sign_test_is_the_exact_binomial_test(wins: int, losses: int) -> None:
    expected = binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    found = sign_test(wins, losses)
    assert found.p_value == pytest.approx(expected, rel=1e-9)
    assert (found.wins, found.losses) == (wins, losses)


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), max_size=8))
def test_holms_adjustment_equals_that_of_statsmodels(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1].tolist() if p_values else []
    assert holm(p_values) == pytest.approx(expected)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_limits_equal_those_of_statsmodels(counts: tuple[int, int]) -> None:
    share = wilson(*counts)
    assert (share.low, share.high) == pytest.approx(
        proportion_confint(*counts, alpha=0.05, method="wilson"), abs=1e-9
    )


def test_a_share_of_nothing_is_undefined_and_of_less_than_nothing_an_error() -> None:
    assert wilson(0, 0).value is None
    with pytest.raises(ValueError, match="3 successes of 2 trials"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.51, 0.60, "better"),
        (0.41, 0.49, "non_inferior"),
        (0.41, 0.55, "non_inferior"),
        (0.20, 0.39, "inferior"),
        (0.35, 0.45, "not_yet_known"),
        (0.40, 0.48, "not_yet_known"),
        (0.30, 0.40, "not_yet_known"),
        (None, None, "not_yet_known"),
    ],
)
def test_verdict_follows_the_declared_reading(low: float | None, high: float | None, expected: str) -> None:
    assert verdict_against_margin(Estimate(0.45, low, high, "any"), 0.1) == expected


def test_undefined_resamples_are_left_out_while_they_are_few() -> None:
    values = np.linspace(0, 1, 1000)
    values[:50] = np.nan
    assert with_interval(0.5, values, "m", "it was so").low is not None
    values[:51] = np.nan
    without = with_interval(0.5, values, "m", "it was so")
    assert (without.low, without.reason) == (None, "no interval: in 5 % of the resamples it was so")


def test_an_estimate_shows_its_reason_only_where_something_is_missing() -> None:
    assert "reason" not in Estimate(0.5, 0.4, 0.6, "m").figures()
    assert undefined("because", "m").figures() == {
        "value": None,
        "low": None,
        "high": None,
        "level": 0.95,
        "method": "m",
        "reason": "because",
    }


def test_average_score_is_the_mean_over_samples_of_the_mean_over_raters() -> None:
    rows = [
        judgment(0, 0, "a", scores=(4, 2)),
        judgment(0, 1, "a", scores=(2, 1)),
        judgment(1, 0, "b", scores=(1, 5)),
        judgment(2, 0, "tie"),
    ]
    scores = mean_scores(judgments_of(rows), seed=1)
    assert (scores[SMALL].value, scores[LARGE].value) == (2.0, 3.25)


def test_the_interval_covers_the_bootstrap_standard_error() -> None:
    judgments = judgments_of(study_rows(200))
    rate, error = win_rates(judgments, seed=4)[SMALL], standard_error(judgments, SMALL)
    assert rate.low is not None
    assert rate.high is not None
    assert error is not None
    assert rate.high - rate.low == pytest.approx(2 * 1.96 * error, rel=0.05)

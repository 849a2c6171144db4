"""Intervals cover as often as they claim, under known strengths. Minutes long, so run apart."""

from __future__ import annotations

import numpy as np
import pytest

from evalapp.reports.agreement import krippendorff_alpha, patterns_of
from evalapp.reports.preference import mean_with_interval, sign_test

STUDIES = 1_000
SAMPLES = 120
LOW, HIGH = 0.93, 0.97


def simulated(rng: np.random.Generator, samples: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Choices (samples, 3) of raters who lean as the sample does."""
    lean = rng.beta(2, 2.5, size=(samples, 1))
    drawn = rng.random((samples, 3))
    return np.where(drawn < 0.2, 2, np.where((drawn - 0.2) / 0.8 < lean, 0, 1)).astype(np.int64)


@pytest.mark.slow
def test_intervals_of_the_win_rate_cover_the_true_rate() -> None:
    rng = np.random.default_rng(1)
    truth = 0.2 * 0.5 + 0.8 * 2 / 4.5
    hits = 0
    for study in range(STUDIES):
        choices = simulated(rng, SAMPLES)
        means = np.where(choices == 2, 0.5, choices == 0).mean(axis=1)
        rate = mean_with_interval(means, seed=study, name="coverage")
        assert rate.low is not None
        assert rate.high is not None
        hits += rate.low <= truth <= rate.high
    assert LOW <= hits / STUDIES <= HIGH


@pytest.mark.slow
def test_intervals_of_alpha_cover_the_true_alpha() -> None:
    rng = np.random.default_rng(2)

    def alpha_of(
        choices: np.ndarray[tuple[int, int], np.dtype[np.int64]], seed: int
    ) -> tuple[float, float, float]:
        unit = np.repeat(np.arange(len(choices)), 3)
        found = krippendorff_alpha(patterns_of(unit, choices.ravel(), 3), "nominal", seed=seed)
        assert found.value is not None
        return found.value, found.low or np.nan, found.high or np.nan

    truth = alpha_of(simulated(rng, 2_000_000), 0)[0]
    hits = 0
    for study in range(STUDIES):
        _, low, high = alpha_of(simulated(rng, 200), study)
        hits += low <= truth <= high
    assert LOW <= hits / STUDIES <= HIGH


@pytest.mark.slow
def test_the_sign_test_rejects_no_more_often_than_it_claims() -> None:
    rng = np.random.default_rng(3)
    wins = rng.binomial(60, 0.5, size=20_000)
    rejected = np.mean([sign_test(int(won), 60 - int(won)).p_value <= 0.05 for won in wins])
    assert rejected <= 0.05

"""How often each system is preferred: win rates, the sign test, Holm's adjustment, the margin.

All win rates are on one scale: win 1, tie or both bad one half, loss 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import betainc

from evalapp.reports.arrays import Floats, mean_by_group
from evalapp.reports.estimates import Estimate, undefined, with_interval
from evalapp.reports.judgments import Judgments
from evalapp.reports.resampling import affordable, bootstrap, cells_of, described, generator

Verdict = Literal["better", "non_inferior", "inferior", "not_yet_known"]


def sample_means(judgments: Judgments, system: str) -> Floats:
    """The mean score of a system on each of its samples, in the order of the samples' labels."""
    mine = judgments.where(judgments.involves(system))
    return mean_by_group(mine.score_of(system), mine.sample.codes)[1]


def mean_with_interval(means: Floats, *, seed: int, name: str) -> Estimate:
    """The mean of the sample means with its percentile bootstrap interval over samples."""
    if not len(means):
        return undefined("no judgments", "mean over samples")
    # Sorting makes the sum, and so the last bit, independent of how samples are named.
    values, sizes = cells_of(means)
    value = float(values @ sizes / len(means))
    if len(means) == 1:
        return Estimate(value, None, None, "mean over samples", reason="one sample gives no interval")
    resamples = affordable(len(values))
    method = f"mean over samples of the mean over raters; {described('samples', resamples)}"
    resampled = bootstrap(
        sizes, lambda weights: weights @ values / len(means), generator(seed, name), resamples
    )
    return with_interval(value, resampled, method, "there were no samples")


def win_rates(judgments: Judgments, *, seed: int) -> dict[str, Estimate]:
    """The win rate of every system: the mean over its samples of the mean over that sample's judgments.

    Between two systems the second rate is the mirror image of the first, limits included.
    """
    systems = judgments.systems()
    if len(systems) == 2:
        first = mean_with_interval(sample_means(judgments, systems[0]), seed=seed, name="win_rate")
        return {systems[0]: first, systems[1]: first.mirrored()}
    return {
        system: mean_with_interval(sample_means(judgments, system), seed=seed, name=f"win_rate/{system}")
        for system in systems
    }


def standard_error(judgments: Judgments, system: str) -> float | None:
    """Standard deviation of the sample means (n - 1) over the root of their number; None below two
    samples."""
    means = np.sort(sample_means(judgments, system))
    if len(means) < 2:
        return None
    return float(means.std(ddof=1) / np.sqrt(len(means)))


@dataclass(frozen=True, slots=True)
class SignTest:
    """Exact two-sided binomial test that wins and losses are equally likely; ties do not enter."""

    p_value: float
    wins: int
    losses: int


def sign_test(wins: int, losses: int) -> SignTest:
    """The test on decisive votes (Conover 1999, section 3.4). Without decisive votes p is 1."""
    decisive = wins + losses
    more = max(wins, losses)
    if 2 * more == decisive:
        return SignTest(1.0, wins, losses)
    # P(X >= more) for X ~ Binomial(decisive, 1/2), as a regularised incomplete beta function.
    return SignTest(min(1.0, 2 * float(betainc(more, decisive - more + 1, 0.5))), wins, losses)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Holm 1979), in the given order: never below the raw value, at most 1."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def verdict_against_margin(win_rate: Estimate, margin: float) -> Verdict:
    """The declared reading of a win rate and its interval, on the win-rate scale (a tie is one half).

    Better: the lower limit is above 0.5. Non-inferior: above 0.5 - margin. Inferior: the upper limit is below
    0.5 - margin. Anything else, also a missing interval: not yet known.
    """
    if win_rate.low is None or win_rate.high is None:
        return "not_yet_known"
    if win_rate.low > 0.5:
        return "better"
    if win_rate.low > 0.5 - margin:
        return "non_inferior"
    if win_rate.high < 0.5 - margin:
        return "inferior"
    return "not_yet_known"


def mean_scores(judgments: Judgments, *, seed: int) -> dict[str, Estimate]:
    """The average score of every system: mean over samples of the mean of its raters' scores."""
    found: dict[str, Estimate] = {}
    for system in judgments.systems():
        mine = judgments.where(judgments.involves(system))
        scores = np.where(mine.system_a.is_(system), mine.score_a, mine.score_b)
        given = ~np.isnan(scores)
        means = mean_by_group(scores[given], mine.sample.codes[given])[1]
        found[system] = mean_with_interval(means, seed=seed, name=f"score/{system}")
    return found


def figures(estimates: Mapping[str, Estimate]) -> dict[str, object]:
    """Estimates by name as plain values."""
    return {name: estimate.figures() for name, estimate in estimates.items()}

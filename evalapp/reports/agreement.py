"""Agreement among raters, computed from count patterns.

Units that received the same ratings form a pattern. Every coefficient is a function of the patterns'
sizes, so its bootstrap interval over units is a multinomial draw over patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import sparse

from evalapp.reports.arrays import Bools, Coded, Floats, Ints
from evalapp.reports.estimates import Estimate, undefined, with_interval
from evalapp.reports.resampling import affordable, bootstrap, described, generator

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")

MOST_RATIO_VALUES = 2_000
"""Distinct values up to which the ratio metric, which compares all pairs of values, is computed."""
SAME_EVERYWHERE = "every rating was the same, so agreement cannot be told from chance"
NO_PAIRS = "no unit has two ratings"


@dataclass(frozen=True, slots=True)
class Ratings:
    """One entry per rating. `value.labels` are the categories; `numbers` their numeric values, if any."""

    unit: Coded
    rater: Coded
    value: Coded
    numbers: Floats | None = None


@dataclass(frozen=True, slots=True)
class Patterns:
    """Different sets of ratings a unit received, and how many units received each.

    `counts` (patterns x categories, sparse) holds how often each category was given; `totals` its row sums.
    """

    counts: sparse.csr_array
    sizes: Ints
    totals: Floats

    @property
    def units(self) -> int:
        """How many units have a rating."""
        return int(self.sizes.sum())

    @property
    def pairable(self) -> Bools:
        """Which patterns hold two ratings or more."""
        return np.greater_equal(self.totals, 2)

    def agreeing(self) -> Floats:
        """The share of agreeing pairs within a unit of each pattern; 0 for a single rating."""
        squares = np.asarray((self.counts * self.counts).sum(axis=1)).ravel()
        return (squares - self.totals) / np.maximum(self.totals * (self.totals - 1), 1)


def patterns_of(unit: Ints, value: Ints, categories: int) -> Patterns:
    """Group units by the ratings they received. `unit` and `value` are codes; categories count from 0."""
    return patterns_by_unit(unit, value, categories)[1]


def patterns_by_unit(unit: Ints, value: Ints, categories: int) -> tuple[Ints, Patterns]:
    """The same, and before it the pattern of every unit, in ascending order of units."""
    order = np.lexsort((value, unit))
    unit, value = unit[order], value[order]
    starts = np.flatnonzero(np.diff(unit, prepend=unit[:1] - 1)) if len(unit) else np.empty(0, dtype=np.int64)
    lengths = np.diff(starts, append=len(unit))
    chosen, place, sizes = _alike(starts, lengths, value, categories)
    lengths = lengths[chosen]
    rows = np.repeat(np.arange(len(chosen)), lengths)
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns = value[np.repeat(starts[chosen], lengths) + within]
    counts = counted(rows, columns, (len(chosen), max(categories, 1)))
    return place, Patterns(counts, sizes, lengths.astype(np.float64))


def counted(
    rows: Ints, columns: Ints, shape: tuple[int, int], weights: Floats | None = None
) -> sparse.csr_array:
    """A sparse matrix that adds one (or the weight) at each named cell."""
    values = np.ones(len(rows)) if weights is None else weights
    matrix = sparse.csr_array(sparse.coo_array((values, (rows, columns)), shape=shape))
    matrix.sum_duplicates()
    return matrix


def _alike(starts: Ints, lengths: Ints, value: Ints, categories: int) -> tuple[Ints, Ints, Ints]:
    """One unit of every different set of ratings, and how many units share it."""
    longest = int(lengths.max(initial=0))
    if longest == 0 or (categories + 1) ** longest >= 2**62:
        # The sets cannot be numbered in 62 bits: each unit is a pattern of its own, only slower.
        each = np.arange(len(starts))
        return each, each, np.ones(len(starts), dtype=np.int64)
    key = np.zeros(len(starts), dtype=np.int64)
    for step in range(longest):
        has = lengths > step
        key[has] = key[has] * (categories + 1) + value[starts[has] + step] + 1
    _, chosen, place, sizes = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    return chosen.astype(np.int64), place.astype(np.int64), sizes.astype(np.int64)


Coefficient = Callable[[Floats], Floats]
"""From weights of shape (k, patterns) to the coefficient, shape (k,); NaN where undefined."""


def alpha_of(patterns: Patterns, level: Level, numbers: Floats | None) -> Coefficient:
    """Krippendorff's alpha (Krippendorff 2011): 1 - observed over expected disagreement, missing ratings
    allowed.

    Only units with two ratings or more enter. The ordinal metric is the interval metric on mid-ranks, which
    depend on the resample. Raises ValueError when a numeric level has no numbers.
    """
    paired = patterns.pairable
    counts = patterns.counts[paired]
    totals = patterns.totals[paired]
    if level in {"interval", "ratio"} and numbers is None:
        raise ValueError(f"{level} needs numbers")

    def weights_of(weights: Floats) -> tuple[Floats, Floats, Floats]:
        weights = weights[:, paired]
        marginals = np.asarray(weights @ counts)
        return weights, marginals, marginals.sum(axis=1)

    def nominal(weights: Floats) -> Floats:
        weights, marginals, n = weights_of(weights)
        observed = weights @ (totals * (1 - patterns.agreeing()[paired]))
        expected = (n * n - (marginals * marginals).sum(axis=1)) / (n - 1)
        return np.asarray(1 - observed / expected)

    def spread(weights: Floats, place: Floats) -> Floats:
        # Sums of squared differences of all pairs, from sums and sums of squares. place has shape (k or
        # 1, values).
        weights, marginals, n = weights_of(weights)
        sums, squares = (counts @ place.T).T, (counts @ (place * place).T).T
        within = 2 * (totals * squares - sums * sums) / (totals - 1)
        observed = (weights * within).sum(axis=1)
        first, second = (marginals * place).sum(axis=1), (marginals * place * place).sum(axis=1)
        expected = 2 * (n * second - first * first) / (n - 1)
        return np.where(_many_values(marginals), 1 - observed / expected, np.nan)

    def interval(weights: Floats) -> Floats:
        assert numbers is not None  # noqa: S101 - checked above, said again for the type checker
        return spread(weights, (numbers - numbers.mean())[np.newaxis])

    def ordinal(weights: Floats) -> Floats:
        _, marginals, _ = weights_of(weights)
        return spread(weights, np.cumsum(marginals, axis=1) - marginals / 2)

    def ratio(weights: Floats) -> Floats:
        assert numbers is not None  # noqa: S101 - checked above, said again for the type checker
        metric = _ratio_metric(numbers)
        weights, marginals, n = weights_of(weights)
        within = np.asarray(((counts @ metric) * counts.toarray()).sum(axis=1)).ravel() / (totals - 1)
        expected = ((marginals @ metric) * marginals).sum(axis=1) / (n - 1)
        return np.asarray(1 - (weights @ within) / expected)

    chosen = {"nominal": nominal, "ordinal": ordinal, "interval": interval, "ratio": ratio}[level]

    def coefficient(weights: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.asarray(chosen(weights))
        return np.where(np.isfinite(found), found, np.nan)

    return coefficient


def _many_values(marginals: Floats) -> Bools:
    several: Bools = (marginals > 0).sum(axis=1) > 1
    return several


def _ratio_metric(numbers: Floats) -> Floats:
    sums = numbers[:, np.newaxis] + numbers[np.newaxis]
    with np.errstate(divide="ignore", invalid="ignore"):
        metric = ((numbers[:, np.newaxis] - numbers[np.newaxis]) / sums) ** 2
    return np.where(sums == 0, 0.0, metric)


def percent_agreement_of(patterns: Patterns) -> Coefficient:
    """The mean over units with two ratings or more of the share of agreeing pairs."""
    agreeing = patterns.agreeing()
    paired = patterns.pairable.astype(np.float64)

    def coefficient(weights: Floats) -> Floats:
        units = weights @ paired
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(units > 0, weights @ (agreeing * paired) / units, np.nan)

    return coefficient


def estimate(
    patterns: Patterns, coefficient: Coefficient, *, seed: int, name: str, undefined_because: str
) -> Estimate:
    """A coefficient with its bootstrap interval over units."""
    if not patterns.pairable.any():
        return undefined(NO_PAIRS, name)
    value = float(coefficient(patterns.sizes[np.newaxis].astype(np.float64))[0])
    if np.isnan(value):
        return undefined(undefined_because, name)
    if patterns.units == 1:
        return Estimate(value, None, None, name, reason="one unit gives no interval")
    resamples = affordable(len(patterns.sizes))
    resampled = bootstrap(patterns.sizes, coefficient, generator(seed, name), resamples)
    return with_interval(value, resampled, f"{name}; {described('units', resamples)}", undefined_because)


def krippendorff_alpha(
    patterns: Patterns, level: Level, *, seed: int, numbers: Floats | None = None
) -> Estimate:
    """Krippendorff's alpha with its interval."""
    name = f"Krippendorff's alpha, {level}"
    if level == "ratio" and numbers is not None:
        if len(numbers) > MOST_RATIO_VALUES:
            return undefined(
                f"the ratio metric is computed for up to {MOST_RATIO_VALUES:,} distinct values", name
            )
        if (numbers < 0).any():
            return undefined("the ratio metric needs values that are not negative", name)
    coefficient = alpha_of(patterns, level, numbers)
    return estimate(patterns, coefficient, seed=seed, name=name, undefined_because=SAME_EVERYWHERE)


def percent_agreement(patterns: Patterns, *, seed: int) -> Estimate:
    """Percent agreement (as a share) with its interval."""
    return estimate(
        patterns,
        percent_agreement_of(patterns),
        seed=seed,
        name="share of agreeing pairs, mean over units",
        undefined_because=NO_PAIRS,
    )


def is_scale(labels: Sequence[str]) -> Floats | None:
    """The labels as finite numbers, or None when one is not a number."""
    try:
        numbers = np.array([float(label) for label in labels])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None

"""The chance-corrected coefficients beside Krippendorff's alpha: Fleiss' kappa, Gwet's AC1, Cohen's kappa."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from evalapp.reports.agreement import (
    NO_PAIRS,
    SAME_EVERYWHERE,
    Coefficient,
    Patterns,
    Ratings,
    estimate,
    percent_agreement_of,
)
from evalapp.reports.arrays import Floats, Ints
from evalapp.reports.estimates import Estimate, Z, undefined, with_interval
from evalapp.reports.resampling import affordable, bootstrap, cells_of_rows, described, generator

MOST_PAIRS = 300
"""Rater pairs listed; with more, those with the most shared units."""


def usual_number_of_raters(patterns: Patterns) -> int:
    """The number of ratings (two or more) that most units have; of equally common numbers the larger. 0
    if none."""
    counts = np.bincount(patterns.totals.astype(np.int64), weights=patterns.sizes)
    counts[:2] = 0
    return len(counts) - 1 - int(counts[::-1].argmax()) if counts.any() else 0


def fleiss_kappa(patterns: Patterns, *, seed: int, raters: int | None = None) -> tuple[Estimate, int]:
    """Fleiss' kappa (Fleiss 1971) on complete units, and how many units were left out.

    A unit is complete when it has `raters` ratings, by default the number that most units have.
    """
    name = "Fleiss' kappa on complete units"
    raters = raters or usual_number_of_raters(patterns)
    complete = patterns.totals == raters
    left_out = patterns.units - int(patterns.sizes[complete].sum())
    if raters < 2 or not complete.any():
        return undefined(f"no unit has {raters} ratings" if raters >= 2 else NO_PAIRS, name), left_out
    kept = Patterns(patterns.counts[complete], patterns.sizes[complete], patterns.totals[complete])
    agreeing = kept.agreeing()

    def coefficient(weights: Floats) -> Floats:
        units = weights.sum(axis=1)
        shares = np.asarray(weights @ kept.counts) / (units * raters)[:, np.newaxis]
        return _corrected(weights @ agreeing / units, (shares * shares).sum(axis=1))

    return estimate(kept, coefficient, seed=seed, name=name, undefined_because=SAME_EVERYWHERE), left_out


def _corrected(observed: Floats, by_chance: Floats) -> Floats:
    # Shares that add up to one leave a rounding error where exactly 1 is meant.
    certain = by_chance > 1 - 1e-12
    return np.where(certain, np.nan, (observed - by_chance) / np.where(certain, 1.0, 1 - by_chance))


@dataclass(frozen=True, slots=True)
class Ac1:
    """Gwet's AC1 and its analytical standard error (None when undefined)."""

    estimate: Estimate
    standard_error: float | None

    def figures(self) -> dict[str, object]:
        """The estimate's keys and `standard_error`."""
        return {**self.estimate.figures(), "standard_error": self.standard_error}


def gwet_ac1(patterns: Patterns, *, seed: int, categories: int) -> Ac1:
    """Gwet's AC1 (Gwet 2014, chapter 2) for any number of raters, missing ratings allowed.

    `categories` is the number of categories a rater could choose from, used or not.
    """
    name = "Gwet's AC1"
    if categories < 2:
        return Ac1(undefined(SAME_EVERYWHERE if patterns.units else NO_PAIRS, name), None)
    observed = percent_agreement_of(patterns)
    shares = patterns.counts.multiply(1 / patterns.totals[:, np.newaxis]).tocsr()

    def prevalence(weights: Floats) -> Floats:
        return np.asarray(weights @ shares / weights.sum(axis=1)[:, np.newaxis])

    def coefficient(weights: Floats) -> Floats:
        used = prevalence(weights)
        return _corrected(observed(weights), (used * (1 - used)).sum(axis=1) / (categories - 1))

    found = estimate(patterns, coefficient, seed=seed, name=name, undefined_because=SAME_EVERYWHERE)
    if found.value is None or patterns.units < 2:
        return Ac1(found, None)
    used = prevalence(patterns.sizes[np.newaxis].astype(np.float64))[0]
    return Ac1(
        found,
        _ac1_standard_error(patterns, found.value, shares @ (1 - used) / (categories - 1), used, categories),
    )


def _ac1_standard_error(
    patterns: Patterns, value: float, chance_by_unit: Floats, used: Floats, categories: int
) -> float:
    # Linearised variance of Gwet (2014), appendix A.2, without finite-population correction. For two
    # raters who rated everything he gives the form for a contingency table, which divides by n instead of
    # n - 1.
    n = patterns.units
    paired = patterns.pairable
    chance = float((used * (1 - used)).sum() / (categories - 1))
    by_unit = n / patterns.sizes[paired].sum() * (patterns.agreeing() - chance) * paired / (1 - chance)
    parts = by_unit - 2 * (1 - value) * (chance_by_unit - chance) / (1 - chance)
    divisor = n if (patterns.totals == 2).all() else n - 1
    return float(np.sqrt(patterns.sizes @ (parts - value) ** 2 / (n * divisor)))


@dataclass(frozen=True, slots=True)
class CohenPair:
    """Cohen's kappa of two raters on the units both rated.

    `standard_error`, `low` and `high` are asymptotic (Fleiss, Cohen and Everitt 1969);
    `null_standard_error`, `z` and `p_value` belong to the hypothesis of no agreement beyond chance. None
    where undefined.
    """

    raters: tuple[str, str]
    shared_units: int
    estimate: Estimate
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    null_standard_error: float | None = None
    z: float | None = None
    p_value: float | None = None

    def figures(self) -> dict[str, object]:
        """The estimate's keys, the raters, the shared units, and the asymptotic figures."""
        return {
            "raters": list(self.raters),
            "shared_units": self.shared_units,
            **self.estimate.figures(),
            "asymptotic": {
                "standard_error": self.standard_error,
                "low": self.low,
                "high": self.high,
                "null_standard_error": self.null_standard_error,
                "z": self.z,
                "p_value": self.p_value,
            },
        }


def cohen_kappa(first: Ints, second: Ints, *, raters: tuple[str, str], seed: int) -> CohenPair:
    """Cohen's kappa (Cohen 1960) of two columns of category codes, one entry per shared unit."""
    name = "Cohen's kappa"
    n = len(first)
    if n == 0:
        return CohenPair(raters, 0, undefined("no unit was rated by both", name))
    pairs, sizes = cells_of_rows(np.stack([first, second], axis=1))
    used, place = np.unique(pairs, return_inverse=True)
    rows, columns = place.reshape(pairs.shape).T
    coefficient = _cohen_of(rows, columns, len(used))
    value = float(coefficient(sizes[np.newaxis].astype(np.float64))[0])
    if np.isnan(value):
        return CohenPair(raters, n, undefined(SAME_EVERYWHERE, name))
    if n == 1:
        return CohenPair(raters, n, Estimate(value, None, None, name, reason="one unit gives no interval"))
    resamples = affordable(len(sizes))
    resampled = bootstrap(sizes, coefficient, generator(seed, name, *raters), resamples)
    found = with_interval(value, resampled, f"{name}; {described('units', resamples)}", SAME_EVERYWHERE)
    return _with_asymptotic(CohenPair(raters, n, found), rows, columns, sizes / n, value)


def _cohen_of(rows: Ints, columns: Ints, categories: int) -> Coefficient:
    from scipy import sparse

    cells = np.arange(len(rows))
    ones = np.ones(len(rows))
    to_rows = sparse.csr_array((ones, (cells, rows)), shape=(len(rows), categories))
    to_columns = sparse.csr_array((ones, (cells, columns)), shape=(len(rows), categories))
    diagonal = (rows == columns).astype(np.float64)

    def coefficient(weights: Floats) -> Floats:
        n = weights.sum(axis=1)
        by_chance = (np.asarray(weights @ to_rows) * np.asarray(weights @ to_columns)).sum(axis=1) / (n * n)
        return _corrected(weights @ diagonal / n, by_chance)

    return coefficient


def _with_asymptotic(pair: CohenPair, rows: Ints, columns: Ints, shares: Floats, value: float) -> CohenPair:
    categories = int(max(rows.max(), columns.max())) + 1
    of_first = np.bincount(rows, weights=shares, minlength=categories)
    of_second = np.bincount(columns, weights=shares, minlength=categories)
    chance = float(of_first @ of_second)
    on_diagonal = rows == columns
    # Fleiss, Cohen and Everitt (1969), equation 13, summed over the cells that occur.
    a = shares[on_diagonal] @ ((1 - (of_first + of_second)[rows[on_diagonal]] * (1 - value)) ** 2)
    b = (1 - value) ** 2 * (
        shares[~on_diagonal] @ ((of_second[rows[~on_diagonal]] + of_first[columns[~on_diagonal]]) ** 2)
    )
    c = (value - chance * (1 - value)) ** 2
    n = pair.shared_units
    standard_error = float(np.sqrt(max(a + b - c, 0.0) / n) / (1 - chance))
    products = float((of_first * of_second * (of_first + of_second)).sum())
    null_error = float(np.sqrt(max(chance + chance**2 - products, 0.0) / n) / (1 - chance))
    z = value / null_error if null_error > 0 else None
    return replace(
        pair,
        standard_error=standard_error,
        low=value - Z * standard_error,
        high=min(1.0, value + Z * standard_error),
        null_standard_error=null_error,
        z=z,
        p_value=None if z is None else float(2 * ndtr(-abs(z))),
    )


def cohen_pairs(ratings: Ratings, *, seed: int, most: int = MOST_PAIRS) -> tuple[list[CohenPair], int]:
    """Cohen's kappa of every pair of raters that share a unit, and how many were left out.

    With more than `most` pairs, those that share the most units are computed. Ordered by the raters' names.
    """
    raters = len(ratings.rater.labels)
    order = np.lexsort((ratings.rater.codes, ratings.unit.codes))
    unit, rater, value = ratings.unit.codes[order], ratings.rater.codes[order], ratings.value.codes[order]
    keys: list[Ints] = []
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    step = 1
    # Entries of one unit stand together: those `step` apart are pairs while they still belong to it.
    while step < len(unit):
        same = np.flatnonzero(unit[step:] == unit[:-step])
        if not len(same):
            break
        keys.append(rater[same] * raters + rater[same + step])
        firsts.append(value[same])
        seconds.append(value[same + step])
        step += 1
    if not keys:
        return [], 0
    key, first, second = np.concatenate(keys), np.concatenate(firsts), np.concatenate(seconds)
    found, counts = np.unique(key, return_counts=True)
    chosen = np.sort(found[np.argsort(-counts, kind="stable")][:most])
    pairs = []
    for pair in chosen:
        here = key == pair
        one, other = divmod(int(pair), raters)
        names = (ratings.rater.labels[one], ratings.rater.labels[other])
        pairs.append(cohen_kappa(first[here], second[here], raters=names, seed=seed))
    return pairs, len(found) - len(chosen)

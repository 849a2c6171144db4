"""All agreement figures of one set of ratings, under the keys that stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evalapp.reports.agreement import (
    Level,
    Ratings,
    is_scale,
    krippendorff_alpha,
    patterns_of,
    percent_agreement,
)
from evalapp.reports.arrays import Coded, Coder, Floats, Ints
from evalapp.reports.csvfile import CsvFile
from evalapp.reports.estimates import Estimate
from evalapp.reports.judgments import TIE, A, Judgments, refuse_empty
from evalapp.reports.kappas import cohen_pairs, fleiss_kappa, gwet_ac1
from evalapp.reports.rows import CHOICES

RELIABLE, TENTATIVE = 0.800, 0.667
"""Krippendorff (2004), Content Analysis, second edition, page 241."""


def agreement_figures(
    ratings: Ratings,
    *,
    level: Level = "nominal",
    seed: int = 0,
    categories: int | None = None,
    raters_per_unit: int | None = None,
) -> dict[str, object]:
    """Every coefficient of the ratings. Raises ValueError when the level needs numbers and labels are not.

    `categories` is how many a rater could choose from (by default those that occur); `raters_per_unit`
    how many ratings a complete unit has (by default what most units have).
    """
    labels = ratings.value.used()
    numbers = None if level == "nominal" else is_scale(ratings.value.labels)
    if level != "nominal" and numbers is None:
        raise ValueError(f"the level {level} needs numbers as values")
    value = ratings.value
    if numbers is not None:
        order = np.argsort(numbers, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        value = Coded(place[value.codes], tuple(value.labels[at] for at in order))
        numbers = numbers[order]
    patterns = patterns_of(ratings.unit.codes, value.codes, len(value.labels))
    fleiss, left_out = fleiss_kappa(patterns, seed=seed, raters=raters_per_unit)
    pairs, pairs_left_out = cohen_pairs(ratings, seed=seed)
    return {
        "units": len(ratings.unit.used()),
        "raters": len(ratings.rater.used()),
        "labels": list(labels),
        "ratings": len(ratings.value),
        "percent_agreement": percent_agreement(patterns, seed=seed).figures(),
        "krippendorff_alpha": krippendorff_alpha(patterns, level, seed=seed, numbers=numbers).figures(),
        "fleiss_kappa": {**fleiss.figures(), "units_left_out": left_out},
        "gwet_ac1": gwet_ac1(patterns, seed=seed, categories=categories or len(labels)).figures(),
        "cohen_kappa": [pair.figures() for pair in pairs],
        "cohen_pairs_left_out": pairs_left_out,
    }


def further_alphas(judgments: Judgments, *, seed: int) -> dict[str, object]:
    """Ordinal alpha of graded preference and of scores, for what was asked; nothing for what was not.

    Graded preference runs from the greatest strength for a, over a tie as 0, to the greatest for b; "both
    bad" says nothing about that order and is missing. Scores rate single outputs: a unit is one output of a
    comparison.
    """
    found: dict[str, object] = {}
    strength = np.where(judgments.choice == TIE, 0.0, judgments.strength)
    graded = np.where(judgments.choice == A, -strength, strength)
    given = ~np.isnan(strength) & (judgments.choice <= TIE)
    if (given & (judgments.choice < TIE)).any():
        found["graded_alpha"] = _ordinal_alpha(
            judgments.comparison.codes[given], graded[given], seed
        ).figures()
    units = np.concatenate([judgments.comparison.codes * 2, judgments.comparison.codes * 2 + 1])
    scores = np.concatenate([judgments.score_a, judgments.score_b])
    given = ~np.isnan(scores)
    if given.any():
        found["score_alpha"] = _ordinal_alpha(units[given], scores[given], seed).figures()
    return found


def _ordinal_alpha(units: Ints, values: Floats, seed: int) -> Estimate:
    numbers, codes = np.unique(values, return_inverse=True)
    return krippendorff_alpha(
        patterns_of(units, codes.astype(np.int64), len(numbers)), "ordinal", seed=seed, numbers=numbers
    )


def ratings_of(judgments: Judgments) -> Ratings:
    """Choices coded by system as ratings of comparisons: one criterion at a time."""
    return Ratings(judgments.comparison, judgments.rater, Coded(judgments.choice, CHOICES))


def reading_aid(figures: Mapping[str, Any]) -> str:
    """What the figures mean, in words, with the prevalence note where agreement is high and alpha low."""
    alpha, agreement = figures["krippendorff_alpha"]["value"], figures["percent_agreement"]["value"]
    if alpha is None:
        return "Alpha is undefined here, so it neither supports nor weakens the result."
    if alpha >= RELIABLE:
        return "Reliable: alpha is at least .800 (Krippendorff 2004)."
    if alpha >= TENTATIVE:
        text = "Tentative: alpha lies between .667 and .800 (Krippendorff 2004)."
    else:
        text = (
            "Low: alpha is below .667 (Krippendorff 2004). Single votes are not reliable; averages over many "
            "samples can still be."
        )
    if agreement is not None and agreement >= RELIABLE:
        text += (
            " Raters agree often all the same: when one choice prevails, alpha and kappa fall although "
            "agreement is high. Gwet's AC1 beside it is less sensitive to that."
        )
    return text


def read_long_ratings(path: Path, *, unit: str, rater: str, value: str) -> Ratings:
    """Ratings from a CSV with one row per rating. Rows with an empty value are missing ratings.

    Raises FileProblem for a missing unit or rater, and when a rater rated a unit twice.
    """
    file = CsvFile.open(path)
    names = (unit, rater, value)
    file.require(names)
    coders = {name: Coder() for name in names}
    for piece in file.pieces(names):
        refuse_empty(file, piece, unit)
        refuse_empty(file, piece, rater)
        for name in names:
            coders[name].add(piece.columns[name])
    units, raters, values = (coders[name].coded() for name in names)
    keys = units.codes * max(len(raters.labels), 1) + raters.codes
    order = np.argsort(keys, kind="stable")
    twice = order[1:][keys[order][1:] == keys[order][:-1]]
    if len(twice):
        at = int(twice.min())
        file.refuse(
            at, f"{raters.labels[raters.codes[at]]} rated {units.labels[units.codes[at]]} before", rater
        )
    given = ~values.is_("")
    filled = Coder()
    filled.add(values.where(given).texts())
    return Ratings(units.where(given), raters.where(given), filled.coded())


def refuse_text_values(path: Path, *, column: str, level: Level) -> None:
    """Raises FileProblem for the first value that is not a number, when the level needs numbers."""
    file = CsvFile.open(path)
    for piece in file.pieces((column,)):
        for at, text in enumerate(piece.columns[column]):
            if text and is_scale((text,)) is None:
                file.refuse(
                    piece.first + at, f"{text!r} is not a number, which the level {level} needs", column
                )

"""What the commands do: read a file, compute, print one JSON object."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from evalapp.reports.canonical import canonical_json
from evalapp.reports.csvfile import CsvFile


def bundle(chosen: argparse.Namespace) -> int:
    """Verify a bundle and compute its report again."""
    from evalapp.reports.verification import verify

    outcome = verify(chosen.bundle, chosen.output)
    _print({"bundle": chosen.bundle.name, "output": str(chosen.output), **outcome.figures()})
    for problem in outcome.problems():
        sys.stderr.write(problem + "\n")
    return 0 if outcome.holds else 1


def agreement(chosen: argparse.Namespace) -> int:
    """Agreement among raters."""
    from evalapp.reports.coefficients import agreement_figures, read_long_ratings, refuse_text_values

    ratings = read_long_ratings(chosen.file, unit=chosen.unit, rater=chosen.rater, value=chosen.value)
    if chosen.level != "nominal":
        refuse_text_values(chosen.file, column=chosen.value, level=chosen.level)
    _print(agreement_figures(ratings, level=chosen.level, seed=chosen.seed))
    return 0


def preference(chosen: argparse.Namespace) -> int:
    """Preference between systems."""
    from evalapp.reports.foreign import DEFAULT_CRITERION, read_preferences
    from evalapp.reports.preferences import preference_figures

    judgments = read_preferences(chosen.file)
    criteria = judgments.criterion.used()
    by_criterion = {
        criterion: preference_figures(judgments.where(judgments.criterion.is_(criterion)), seed=chosen.seed)
        for criterion in criteria
    }
    if not criteria:
        figures = preference_figures(judgments, seed=chosen.seed)
    else:
        figures = by_criterion[DEFAULT_CRITERION if DEFAULT_CRITERION in criteria else criteria[0]]
    if len(criteria) > 1:
        shown = DEFAULT_CRITERION if DEFAULT_CRITERION in criteria else criteria[0]
        figures = {**figures, "criterion": shown, "criteria": by_criterion}
    _print(figures)
    return 0


def usage(chosen: argparse.Namespace) -> int:
    """Speed, tokens and cost."""
    from evalapp.reports.foreign import usage_figures
    from evalapp.reports.prices import read_price_list

    CsvFile.open(chosen.file)
    prices = None if chosen.prices is None else read_price_list(chosen.prices, today=datetime.now(UTC).date())
    _print(usage_figures(chosen.file, prices))
    return 0


def _print(figures: object) -> None:
    sys.stdout.write(canonical_json(figures).decode())


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "bundle": bundle,
    "agreement": agreement,
    "preference": preference,
    "usage": usage,
}

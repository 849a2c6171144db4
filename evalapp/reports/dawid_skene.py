"""Dawid and Skene's model of raters with different error rates: a sensitivity row beside the majority
vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evalapp.reports.agreement import patterns_by_unit
from evalapp.reports.arrays import Floats, Ints
from evalapp.reports.judgments import TIE, A, Judgments
from evalapp.reports.rows import CHOICES

MOST_STEPS = 200
TOLERANCE = 1e-7
SMOOTHING = 0.01
"""Added to every cell of a rater's table, so that a choice never made has a small probability, not none."""


@dataclass(frozen=True, slots=True)
class DawidSkene:
    """The fitted model.

    `posterior` (units, classes): the probability of each true label. `confusion` (raters, classes,
    classes): the probability of a rater's choice given the true label. `prevalence` (classes,): how
    common each label is.
    """

    posterior: Floats
    confusion: Floats
    prevalence: Floats
    steps: int
    converged: bool


def dawid_skene(
    unit: Ints, rater: Ints, choice: Ints, *, classes: int, sizes: Floats | None = None
) -> DawidSkene:
    """Fit by expectation-maximisation (Dawid and Skene 1979), started from the vote shares.

    `unit`, `rater` and `choice` are codes from 0, one entry per judgment; every unit has at least one. With
    `sizes` a unit stands for that many alike. Stops when no posterior probability moves by more than 1e-7, at
    the latest after 200 steps.
    """
    units, raters = int(unit.max(initial=-1)) + 1, int(rater.max(initial=-1)) + 1
    votes = np.bincount(unit * classes + choice, minlength=units * classes).reshape(units, classes)
    posterior = votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)
    given = rater * classes + choice
    weights = np.ones(units) if sizes is None else sizes
    prevalence = np.full(classes, 1 / classes)
    confusion = np.full((raters, classes, classes), 1 / classes)
    moved, steps = np.inf, 0
    while steps < MOST_STEPS and moved > TOLERANCE:
        steps += 1
        prevalence = weights @ posterior / weights.sum() if units else prevalence
        tables = [
            np.bincount(given, weights=(weights * posterior[:, truth])[unit], minlength=raters * classes)
            for truth in range(classes)
        ]
        confusion = np.stack(tables).reshape(classes, raters, classes).swapaxes(0, 1) + SMOOTHING
        confusion = confusion / confusion.sum(axis=2, keepdims=True)
        logs = np.log(confusion)
        likelihood = np.log(np.maximum(prevalence, 1e-300)) + np.stack(
            [
                np.bincount(unit, weights=logs[rater, truth, choice], minlength=units)
                for truth in range(classes)
            ],
            axis=1,
        )
        updated = np.exp(likelihood - likelihood.max(axis=1, keepdims=True, initial=-np.inf))
        updated /= updated.sum(axis=1, keepdims=True)
        moved = float(np.abs(updated - posterior).max(initial=0.0))
        posterior = updated
    return DawidSkene(posterior, confusion, prevalence, steps, bool(moved <= TOLERANCE))


def dawid_skene_figures(judgments: Judgments, systems: Sequence[str]) -> dict[str, object]:
    """Most probable labels by system, the win rate they imply, and each rater's estimated accuracy.

    Fitted over all comparisons of the judgments. The implied win rate is the mean over samples of the
    expected score under the posterior.
    """
    if not len(judgments):
        return {"reason": "no judgments"}
    found, first, unit = np.unique(judgments.comparison.codes, return_index=True, return_inverse=True)
    raters, rater = np.unique(judgments.rater.codes, return_inverse=True)
    # Comparisons that the same raters judged alike have one posterior: they are fitted once, with their
    # number.
    answer = rater * len(CHOICES) + judgments.choice
    kind, alike = patterns_by_unit(unit, answer, len(raters) * len(CHOICES))
    cells = alike.counts.tocoo()
    times = cells.data.astype(np.int64)
    kinds, given = (np.repeat(np.asarray(codes, dtype=np.int64), times) for codes in cells.coords)
    fitted = dawid_skene(
        kinds,
        given // len(CHOICES),
        given % len(CHOICES),
        classes=len(CHOICES),
        sizes=alike.sizes.astype(np.float64),
    )
    units = judgments.where(_only(len(judgments), first))
    order = np.argsort(first, kind="stable")
    posterior = fitted.posterior[kind][order]
    label = posterior.argmax(axis=1)
    labels: dict[str, int] = {
        name: int((label == code).sum()) for code, name in enumerate(CHOICES) if code >= TIE
    }
    win_rates: dict[str, float | None] = {}
    for system in systems:
        here = units.involves(system)
        mine = np.where(units.system_a.is_(system), A, 1)
        labels[system] = int((label[here] == mine[here]).sum())
        score = posterior[np.arange(len(units)), mine] + posterior[:, TIE:].sum(axis=1) / 2
        _, place = np.unique(units.sample.codes[here], return_inverse=True)
        means = np.bincount(place, weights=score[here]) / np.maximum(np.bincount(place), 1)
        win_rates[system] = float(np.sort(means).mean()) if len(means) else None
    accuracy = np.einsum("k,rkk->r", fitted.prevalence, fitted.confusion)
    return {
        "labels": labels,
        "win_rate": win_rates,
        "rater_accuracy": {
            judgments.rater.labels[code]: float(accuracy[number]) for number, code in enumerate(raters)
        },
        "comparisons": len(found),
        "steps": fitted.steps,
        "converged": fitted.converged,
    }


def _only(length: int, chosen: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask = np.zeros(length, dtype=np.bool_)
    mask[chosen] = True
    return mask

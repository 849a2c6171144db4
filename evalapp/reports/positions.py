"""Position bias: whether raters prefer a side, whatever stands there."""

from __future__ import annotations

import numpy as np

from evalapp.reports.arrays import Floats
from evalapp.reports.estimates import Estimate, undefined, wilson, with_interval
from evalapp.reports.judgments import TIE, Judgments
from evalapp.reports.resampling import affordable, bootstrap, cells_of_rows, described, generator


def left_share(judgments: Judgments) -> Estimate:
    """The share of "left" among decisive judgments."""
    decisive = judgments.where(judgments.choice < TIE)
    chose_a = decisive.choice == 0
    return wilson(int((chose_a == decisive.a_left).sum()), len(decisive))


def balanced_win_rate(judgments: Judgments, system: str, *, seed: int) -> Estimate:
    """The win rate re-weighted to equal sides: the mean of the win rates when shown left and when shown
    right.

    Judgments are pooled within a side; the interval resamples samples.
    """
    mine = judgments.where(judgments.involves(system))
    on_left = mine.left_of(system)
    if not on_left.any() or on_left.all():
        return undefined("the system never stood on one of the sides", "mean of the win rates on both sides")
    doubled = np.rint(2 * mine.score_of(system)).astype(np.int64)
    found, place = np.unique(mine.sample.codes, return_inverse=True)
    rows = np.stack(
        [
            np.bincount(place, weights=weights, minlength=len(found)).astype(np.int64)
            for weights in (on_left, on_left * doubled, ~on_left, ~on_left * doubled)
        ],
        axis=1,
    )
    cells, sizes = cells_of_rows(rows)

    def rate(weights: Floats) -> Floats:
        sums = weights @ cells
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((sums[:, 1] / sums[:, 0] + sums[:, 3] / sums[:, 2]) / 4)

    value = float(rate(sizes[np.newaxis].astype(np.float64))[0])
    method = "mean of the win rates when shown left and when shown right"
    if len(found) == 1:
        return Estimate(value, None, None, method, reason="one sample gives no interval")
    resamples = affordable(len(cells))
    resampled = bootstrap(sizes, rate, generator(seed, "balanced"), resamples)
    return with_interval(
        value, resampled, f"{method}; {described('samples', resamples)}", "the system stood on one side only"
    )


def balanced_win_rates(judgments: Judgments, *, seed: int) -> dict[str, Estimate]:
    """`balanced_win_rate` of every system; between two systems one is the mirror image of the other."""
    systems = judgments.systems()
    if len(systems) == 2:
        first = balanced_win_rate(judgments, systems[0], seed=seed)
        return {systems[0]: first, systems[1]: first.mirrored()}
    return {system: balanced_win_rate(judgments, system, seed=seed) for system in systems}


def left_share_by(judgments: Judgments, column: str) -> dict[str, Estimate]:
    """The left share within each rater or each task kind, by label."""
    groups = getattr(judgments, column)
    return {label: left_share(judgments.where(groups.is_(label))) for label in groups.used()}


def position_bias(judgments: Judgments, *, seed: int) -> dict[str, object]:
    """Left share overall, per task kind, and the win rates re-weighted to 50:50 sides."""
    balanced = balanced_win_rates(judgments, seed=seed)
    return {
        "left_share": left_share(judgments).figures(),
        "by_task_kind": {
            kind: share.figures() for kind, share in left_share_by(judgments, "task_kind").items()
        },
        "balanced_win_rate": {system: rate.figures() for system, rate in balanced.items()},
    }

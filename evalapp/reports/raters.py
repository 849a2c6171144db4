"""Figures of single raters: how much, how quickly, and how far with the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from evalapp.reports.arrays import Bools, Floats, Ints
from evalapp.reports.estimates import Estimate, wilson
from evalapp.reports.judgments import Judgments
from evalapp.reports.positions import left_share
from evalapp.reports.rows import CHOICES, Protocol
from evalapp.reports.votes import NO_MAJORITY, majority_of

RATERS_COLUMNS = (
    "rater",
    "judgments",
    "excluded",
    "agreement_with_others",
    "agreement_low",
    "agreement_high",
    "agreement_of",
    "left_share",
    "left_low",
    "left_high",
    "median_active_seconds",
    "under_speed_floor",
    "gold_passed",
    "gold_of",
    "repeats_consistent",
    "repeats_of",
)


def with_majority_of_others(judgments: Judgments) -> Ints:
    """For each judgment 1 when it equals the majority of the others' judgments of the same comparison and
    criterion, 0 when it differs, -1 when the others have no majority or are fewer than two."""
    criteria = max(len(judgments.criterion.labels), 1)
    keys = judgments.comparison.codes * criteria + judgments.criterion.codes
    found, place = np.unique(keys, return_inverse=True)
    vectors = np.bincount(place * 4 + judgments.choice, minlength=len(found) * 4).reshape(-1, 4)
    others = vectors[place].astype(np.int64)
    others[np.arange(len(judgments)), judgments.choice] -= 1
    majority = majority_of(others)
    decided = (majority != NO_MAJORITY) & (others.sum(axis=1) >= 2)
    return np.where(decided, (majority == judgments.choice).astype(np.int64), -1)


def gold_passes(judgments: Judgments, protocol: Protocol) -> Ints:
    """For each gold judgment 1 or 0, -1 for others and for gold whose expected choice is not known."""
    labels = judgments.comparison.labels
    expected = np.array(
        [CHOICES.index(protocol.gold[label]) if label in protocol.gold else -1 for label in labels] or [-1]
    )
    wanted = expected[judgments.comparison.codes]
    known = judgments.status.is_("gold") & (wanted >= 0)
    return np.where(known, (judgments.choice == wanted).astype(np.int64), -1)


def repeat_consistency(judgments: Judgments) -> Ints:
    """For each repeat 1 when the rater chose the same system as the first time, 0 when not, -1 for the
    rest."""
    criteria = max(len(judgments.criterion.labels), 1)
    raters = max(len(judgments.rater.labels), 1)
    keys = (
        judgments.comparison.codes * criteria + judgments.criterion.codes
    ) * raters + judgments.rater.codes
    first = judgments.status.is_("counted") | judgments.status.is_("excluded")
    chosen = dict(zip(keys[first].tolist(), judgments.choice[first].tolist(), strict=True))
    again = judgments.status.is_("repeat")
    outcome = np.full(len(judgments), -1, dtype=np.int64)
    for at in np.flatnonzero(again):
        if int(keys[at]) in chosen:
            outcome[at] = int(chosen[int(keys[at])] == judgments.choice[at])
    return outcome


def rater_figures(every: Judgments, protocol: Protocol) -> list[dict[str, object]]:
    """One entry per rater, sorted by name: counts, agreement with the majority of the others, left share,
    time, share under the declared speed floor, gold passes, consistency on repeats."""
    counted = every.with_status("counted")
    agreed = with_majority_of_others(counted)
    passed = gold_passes(every, protocol)
    consistent = repeat_consistency(every)
    entries: list[dict[str, object]] = []
    for rater in every.rater.used():
        own, mine = every.rater.is_(rater), counted.rater.is_(rater)
        judged = counted.where(mine)
        entries.append(
            {
                "rater": rater,
                "judgments": len(judged),
                "excluded": int((own & every.status.is_("excluded")).sum()),
                "agreement_with_others": _share_of(agreed, mine).figures(),
                "agreement_of": int((agreed[mine] >= 0).sum()),
                "left_share": left_share(judged).figures(),
                "median_active_seconds": _median(judged.active_seconds),
                "under_speed_floor": _under_floor(judged.active_seconds, protocol.speed_floor_s),
                "gold_passed": int((passed[own] == 1).sum()),
                "gold_of": int((passed[own] >= 0).sum()),
                "repeats_consistent": int((consistent[own] == 1).sum()),
                "repeats_of": int((consistent[own] >= 0).sum()),
            }
        )
    return entries


def rater_records(every: Judgments, protocol: Protocol) -> Iterator[tuple[object, ...]]:
    """The rows of raters.csv, in the order of RATERS_COLUMNS."""
    for entry in rater_figures(every, protocol):
        agreement, left = entry["agreement_with_others"], entry["left_share"]
        assert isinstance(agreement, dict)  # noqa: S101 - said for the type checker
        assert isinstance(left, dict)  # noqa: S101 - said for the type checker
        flat = {
            **entry,
            "agreement_with_others": agreement["value"],
            "agreement_low": agreement["low"],
            "agreement_high": agreement["high"],
            "left_share": left["value"],
            "left_low": left["low"],
            "left_high": left["high"],
        }
        yield tuple(flat[name] for name in RATERS_COLUMNS)


def _share_of(outcome: Ints, mine: Bools) -> Estimate:
    return wilson(int((outcome[mine] == 1).sum()), int((outcome[mine] >= 0).sum()))


def _median(seconds: Floats) -> float | None:
    known = seconds[~np.isnan(seconds)]
    return float(np.median(known)) if len(known) else None


def _under_floor(seconds: Floats, floor_s: float | None) -> float | None:
    known = seconds[~np.isnan(seconds)]
    if floor_s is None or not len(known):
        return None
    return float((known < floor_s).mean())

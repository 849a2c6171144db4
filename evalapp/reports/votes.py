"""From choices to votes: the vote vector of every comparison and its majority."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from evalapp.reports.arrays import Bools, Floats, Ints
from evalapp.reports.judgments import TIE, A, B, Judgments
from evalapp.reports.rows import CHOICES

NO_MAJORITY = 4
VERDICTS = (*CHOICES, "no_majority")
"""What a vote can say; positions 0 to 3 are those of CHOICES."""


@dataclass(frozen=True, slots=True)
class Votes:
    """One entry per comparison and criterion, ordered by comparison, then criterion.

    `vectors` has shape (votes, 4): how many counted judgments chose a, b, tie, both bad. `majority` holds
    positions in VERDICTS: the choice of more than half of the counted judgments. `first` is the position
    of one of the vote's judgments, from which sample, kind and systems can be read. Mean scores are NaN
    without scores.
    """

    judgments: Judgments
    first: Ints
    vectors: Ints
    majority: Ints
    mean_score_a: Floats
    mean_score_b: Floats

    def __len__(self) -> int:
        return len(self.majority)

    def as_judgments(self) -> Judgments:
        """The decided votes as if each were one judgment; those without majority are left out."""
        first = self.judgments.where(_mask(len(self.judgments), self.first))
        order = np.argsort(self.first, kind="stable")
        majority = self.majority[order]
        return replace(first, choice=majority).where(majority != NO_MAJORITY)


def vote(judgments: Judgments, *, both_bad_as_tie: bool = False) -> Votes:
    """Count the judgments of every comparison and criterion and find the majorities.

    Takes the judgments that count. With `both_bad_as_tie` the majority is sought after "both bad"
    has been counted as a tie; the vectors keep the four choices apart.
    """
    criteria = max(len(judgments.criterion.labels), 1)
    keys = judgments.comparison.codes * criteria + judgments.criterion.codes
    found, first, place = np.unique(keys, return_index=True, return_inverse=True)
    cells = np.bincount(place * 4 + judgments.choice, minlength=len(found) * 4)
    vectors = cells.reshape(len(found), 4).astype(np.int64)
    return Votes(
        judgments=judgments,
        first=first.astype(np.int64),
        vectors=vectors,
        majority=majority_of(vectors, both_bad_as_tie=both_bad_as_tie),
        mean_score_a=_means(judgments.score_a, place, len(found)),
        mean_score_b=_means(judgments.score_b, place, len(found)),
    )


def majority_of(vectors: Ints, *, both_bad_as_tie: bool = False) -> Ints:
    """Position in VERDICTS for each vote vector (shape (n, 4)): more than half, else no majority."""
    counts = vectors.copy()
    if both_bad_as_tie:
        counts[:, TIE] += counts[:, TIE + 1]
        counts[:, TIE + 1] = 0
    winner = counts.argmax(axis=1)
    most = counts.max(axis=1, initial=0)
    return np.where(2 * most > counts.sum(axis=1), winner, NO_MAJORITY).astype(np.int64)


def verdict_counts(votes: Votes) -> dict[str, int]:
    """How many votes each system won, and how many ended in a tie, both bad, or no majority."""
    judgments = votes.judgments
    winners_a = judgments.system_a.codes[votes.first[votes.majority == A]]
    winners_b = judgments.system_b.codes[votes.first[votes.majority == B]]
    labels = judgments.system_a.labels
    won = np.bincount(np.concatenate([winners_a, winners_b]), minlength=len(labels))
    counts = {system: int(won[labels.index(system)]) for system in judgments.systems()}
    return counts | {
        VERDICTS[code]: int((votes.majority == code).sum()) for code in range(TIE, NO_MAJORITY + 1)
    }


def choice_counts(judgments: Judgments, system: str) -> dict[str, int]:
    """Wins, losses, ties and both-bad judgments of a system."""
    mine = judgments.where(judgments.involves(system))
    score = mine.score_of(system)
    return {
        "wins": int((score == 1).sum()),
        "losses": int((score == 0).sum()),
        "ties": int((mine.choice == TIE).sum()),
        "both_bad": int((mine.choice > TIE).sum()),
    }


VOTES_COLUMNS = (
    "comparison",
    "sample",
    "task_kind",
    "criterion",
    "system_a",
    "system_b",
    *CHOICES,
    "counted",
    "majority",
    "mean_score_a",
    "mean_score_b",
)


def vote_records(votes: Votes) -> Iterator[tuple[object, ...]]:
    """The rows of votes.csv, in the order of VOTES_COLUMNS."""
    source = votes.judgments
    named = [getattr(source, name) for name in VOTES_COLUMNS[:6]]
    for place, first in enumerate(votes.first):
        vector = votes.vectors[place].tolist()
        scores = (votes.mean_score_a[place], votes.mean_score_b[place])
        yield (
            *(column.labels[column.codes[first]] for column in named),
            *vector,
            sum(vector),
            VERDICTS[votes.majority[place]],
            *(None if np.isnan(score) else float(score) for score in scores),
        )


def _means(values: Floats, place: Ints, groups: int) -> Floats:
    given = ~np.isnan(values)
    counts = np.bincount(place[given], minlength=groups)
    sums = np.bincount(place[given], weights=values[given], minlength=groups)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _mask(length: int, positions: Ints) -> Bools:
    mask = np.zeros(length, dtype=np.bool_)
    mask[positions] = True
    return mask

"""Majorities and vote vectors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.reports.judgments import judgments_of
from evalapp.reports.rows import CHOICES, Choice, choice_of
from evalapp.reports.votes import (
    VERDICTS,
    VOTES_COLUMNS,
    choice_counts,
    majority_of,
    verdict_counts,
    vote,
    vote_records,
)
from tests.reports.studies import LARGE, SMALL, judgment


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        (["a", "a", "b"], "a"),
        (["b", "tie", "b"], "b"),
        (["tie", "tie", "a"], "tie"),
        (["both_bad", "both_bad", "both_bad"], "both_bad"),
        (["a", "b", "tie"], "no_majority"),
        (["a", "b"], "no_majority"),
        (["a"], "a"),
        (["tie", "both_bad", "a"], "no_majority"),
    ],
)
def test_majority_is_the_choice_of_more_than_half(choices: list[Choice], expected: str) -> None:
    votes = vote(judgments_of([judgment(0, rater, choice) for rater, choice in enumerate(choices)]))
    assert VERDICTS[votes.majority[0]] == expected
    assert votes.vectors[0].tolist() == [choices.count(choice) for choice in CHOICES]


def test_both_bad_counts_as_a_tie_only_when_declared_and_the_vector_stays() -> None:
    judgments = judgments_of([judgment(0, 0, "tie"), judgment(0, 1, "both_bad"), judgment(0, 2, "a")])
    votes = vote(judgments, both_bad_as_tie=True)
    assert VERDICTS[votes.majority[0]] == "tie"
    assert votes.vectors[0].tolist() == [1, 0, 1, 1]


@given(st.lists(st.lists(st.integers(0, 5), min_size=4, max_size=4), min_size=1, max_size=20))
def test_a_majority_has_more_than_half_and_no_majority_means_that_none_has(vectors: list[list[int]]) -> None:
    for vector, majority in zip(vectors, majority_of(np.array(vectors)), strict=True):
        most = [place for place, count in enumerate(vector) if 2 * count > sum(vector)]
        assert ([int(majority)] if majority < 4 else []) == most


@pytest.mark.parametrize(
    ("left", "shown", "expected"),
    [("a", "left", "a"), ("a", "right", "b"), ("b", "left", "b"), ("b", "right", "a"), ("b", "tie", "tie")],
)
def test_what_was_shown_becomes_what_was_meant(left: str, shown: str, expected: str) -> None:
    assert choice_of(left, shown) == expected  # type: ignore[arg-type]


def test_verdicts_and_choices_are_counted_by_system() -> None:
    judgments = judgments_of(
        [
            *(judgment(0, rater, "a") for rater in range(3)),
            *(judgment(1, rater, "b") for rater in range(3)),
            *(judgment(2, rater, choice) for rater, choice in enumerate(("a", "tie", "both_bad"))),  # type: ignore[arg-type]
        ]
    )
    assert verdict_counts(vote(judgments)) == {SMALL: 1, LARGE: 1, "tie": 0, "both_bad": 0, "no_majority": 1}
    assert choice_counts(judgments, SMALL) == {"wins": 4, "losses": 3, "ties": 1, "both_bad": 1}
    assert choice_counts(judgments, LARGE) == {"wins": 3, "losses": 4, "ties": 1, "both_bad": 1}


def test_votes_are_separate_for_each_criterion_and_come_with_mean_scores() -> None:
    judgments = judgments_of(
        [
            judgment(0, 0, "a", criterion="style", scores=(5, 1)),
            judgment(0, 1, "a", criterion="style", scores=(4, 2)),
            judgment(0, 0, "b", criterion="facts"),
        ]
    )
    records = [dict(zip(VOTES_COLUMNS, record, strict=True)) for record in vote_records(vote(judgments))]
    found = [
        (row["criterion"], row["majority"], row["counted"], row["mean_score_a"], row["mean_score_b"])
        for row in records
    ]
    assert found == [("facts", "b", 1, None, None), ("style", "a", 2, 4.5, 1.5)]


def test_decided_votes_can_be_read_as_judgments() -> None:
    judgments = judgments_of(
        [
            judgment(0, 0, "a"),
            judgment(0, 1, "a"),
            judgment(1, 0, "a"),
            judgment(1, 1, "b"),
            judgment(2, 0, "tie"),
        ]
    )
    decided = vote(judgments).as_judgments()
    assert dict(zip(decided.sample.texts(), decided.choice.tolist(), strict=True)) == {"s0": 0, "s2": 2}

"""Position bias: found where it is, and balanced away."""

from __future__ import annotations

import pytest

from evalapp.reports.judgments import judgments_of
from evalapp.reports.positions import balanced_win_rates, left_share, left_share_by, position_bias
from evalapp.reports.preference import win_rates
from tests.reports.studies import LARGE, SMALL, judgment


def test_left_share_counts_decisive_judgments_as_shown() -> None:
    judgments = judgments_of(
        [
            judgment(0, 0, "a", left="a"),
            judgment(1, 0, "a", left="b"),
            judgment(2, 0, "b", left="b"),
            judgment(3, 0, "tie", left="a"),
        ]
    )
    share = left_share(judgments)
    assert share.value == pytest.approx(2 / 3)
    assert share.method == "share, Wilson score interval"


def test_a_rater_who_always_says_left_shows_it_and_the_balanced_rate_is_one_half() -> None:
    # Small stands left three times of four and always wins there: the raw rate is 3/4, the balanced one 1/2.
    rows = [
        judgment(sample, 0, "a" if sample % 4 else "b", left="a" if sample % 4 else "b")
        for sample in range(40)
    ]
    judgments = judgments_of(rows)
    assert left_share(judgments).value == 1
    assert win_rates(judgments, seed=1)[SMALL].value == 0.75
    balanced = balanced_win_rates(judgments, seed=1)
    assert (balanced[SMALL].value, balanced[LARGE].value) == (0.5, 0.5)


def test_a_system_that_stood_on_one_side_only_has_no_balanced_rate() -> None:
    balanced = balanced_win_rates(judgments_of([judgment(0, 0, "a"), judgment(1, 0, "b")]), seed=1)
    assert balanced[SMALL].value is None
    assert balanced[SMALL].reason == "the system never stood on one of the sides"


def test_left_share_is_also_given_for_each_rater_and_kind() -> None:
    judgments = judgments_of([judgment(0, 0, "a"), judgment(0, 1, "b"), judgment(1, 1, "tie")])
    by_rater = left_share_by(judgments, "rater")
    assert {rater: share.value for rater, share in by_rater.items()} == {"r0": 1.0, "r1": 0.0}
    assert set(position_bias(judgments, seed=1)) == {"left_share", "by_task_kind", "balanced_win_rate"}


def test_without_decisive_judgments_the_share_is_undefined() -> None:
    assert left_share(judgments_of([judgment(0, 0, "tie")])).reason == "nothing was counted"

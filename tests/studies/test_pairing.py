"""Pairs, sides and places, without a database."""

import itertools
import random
from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from raters.studies.pairing import Pair, pairs, plan_seats, side_patterns


def planned(count: int) -> list[Pair]:
    return [Pair(sample, (0, 1), 2 * sample, 2 * sample + 1) for sample in range(count)]


def test_every_two_arms_meet_on_every_sample_in_declared_order() -> None:
    outputs = [{1: 10, 2: 20}, {1: 11, 2: 21}, {1: 12, 2: 22}]
    assert pairs([1, 2], outputs) == [
        Pair(1, (0, 1), 10, 11),
        Pair(1, (0, 2), 10, 12),
        Pair(1, (1, 2), 11, 12),
        Pair(2, (0, 1), 20, 21),
        Pair(2, (0, 2), 20, 22),
        Pair(2, (1, 2), 21, 22),
    ]


def test_a_pair_of_which_one_output_is_missing_is_left_out() -> None:
    assert pairs([1, 2], [{1: 10, 2: 20}, {2: 21}]) == [Pair(2, (0, 1), 20, 21)]


@given(count=st.integers(0, 60), seats=st.integers(1, 9), seed=st.integers(0, 2**32))
def test_sides_are_even_over_each_comparison_and_over_all(count: int, seats: int, seed: int) -> None:
    patterns = list(side_patterns(count, seats, random.Random(seed)))
    assert len(patterns) == count
    for pattern in patterns:
        assert len(pattern) == seats
        assert abs(2 * pattern.count("a") - seats) <= 1
    # Whole blocks of at most four are balanced, so over all at most two comparisons' extra seats are uneven.
    fuller = sum(1 if pattern.count("a") * 2 > seats else -1 for pattern in patterns if seats % 2)
    assert abs(fuller) <= 2
    for number in range(seats):
        assert abs(sum(1 if pattern[number] == "a" else -1 for pattern in patterns)) <= 2


@given(
    arms=st.integers(2, 4), samples=st.integers(0, 25), seats=st.integers(1, 5), seed=st.integers(0, 2**32)
)
def test_a_plan_has_every_seat_once_round_by_round(arms: int, samples: int, seats: int, seed: int) -> None:
    outputs = [{sample: arm * 1000 + sample for sample in range(samples)} for arm in range(arms)]
    comparisons = pairs(range(samples), outputs)
    seated = plan_seats(comparisons, seats, random.Random(seed))
    assert [seat.place for seat in seated] == list(range(1, len(comparisons) * seats + 1))
    assert Counter((seat.comparison, seat.number) for seat in seated) == Counter(
        (comparison, number) for comparison in range(len(comparisons)) for number in range(seats)
    )
    assert [seat.number for seat in seated] == sorted(seat.number for seat in seated)
    by_arms: dict[tuple[int, int], int] = defaultdict(int)
    for seat in seated:
        by_arms[comparisons[seat.comparison].arms] += 1 if seat.shown_left == "a" else -1
    assert all(abs(uneven) <= 2 for uneven in by_arms.values())


def test_the_same_seed_draws_the_same_plan_and_another_seed_another() -> None:
    draw = [plan_seats(planned(50), 3, random.Random(seed)) for seed in (5, 5, 6)]
    assert draw[0] == draw[1]
    assert draw[0] != draw[2]


def test_over_ten_thousand_seats_each_output_stands_left_half_the_time_at_every_place() -> None:
    seated = plan_seats(planned(3_334), 3, random.Random(11))
    assert len(seated) == 10_002
    share = sum(seat.shown_left == "a" for seat in seated) / len(seated)
    assert abs(share - 0.5) < 0.0005
    # Position in the file, in the queue and the neighbour's side say nothing about a side: |z| < 4.
    first_half = [seat.shown_left == "a" for seat in seated if seat.comparison < 1_667]
    assert abs(sum(first_half) / len(first_half) - 0.5) < 0.013
    in_file = sorted(seated, key=lambda seat: (seat.number, seat.comparison))
    for order in (seated, in_file):
        same = sum(one.shown_left == other.shown_left for one, other in itertools.pairwise(order))
        assert abs(same - 5_000) < 4 * 50


def test_the_two_patterns_of_three_seats_are_equally_many() -> None:
    patterns = Counter(pattern.count("a") for pattern in side_patterns(1_000, 3, random.Random(3)))
    assert set(patterns) == {1, 2}
    assert abs(patterns[1] - patterns[2]) <= 2

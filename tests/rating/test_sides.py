"""Which side a rater is owed next."""

import itertools
import random

from hypothesis import given
from hypothesis import strategies as st

from raters.rating.sides import LONGEST, owed, paid
from raters.studies.pairing import OTHER, Side


@given(seed=st.integers(0, 2**32), count=st.integers(0, 300))
def test_sides_that_can_be_had_are_even_within_two(seed: int, count: int) -> None:
    chance = random.Random(seed)
    left = ""
    given_so_far = 0
    for _ in range(count):
        left = owed(left, chance)
        side: Side = "a" if left[0] == "a" else "b"
        given_so_far += 1 if side == "a" else -1
        assert abs(given_so_far) <= 2
        left = paid(left, side)


@given(
    seed=st.integers(0, 2**32),
    wanting=st.sampled_from(["a", "b"]),
    count=st.integers(1, LONGEST - 2),
)
def test_a_side_that_could_not_be_had_is_made_up_for(seed: int, wanting: Side, count: int) -> None:
    chance = random.Random(seed)
    left = ""
    balance = 0
    for _ in range(count):
        left = paid(owed(left, chance), OTHER[wanting])
        balance -= 1
    for _ in range(count):
        left = owed(left, chance)
        taken: Side = "a" if left[0] == "a" else "b"
        balance += 1 if taken == wanting else -1
        left = paid(left, taken)
    assert abs(balance) <= 2


def test_a_debt_never_outgrows_its_column() -> None:
    left = ""
    for _ in range(50):
        left = paid(owed(left, random.Random(1)), "b")
        assert len(left) <= LONGEST


def test_the_next_side_cannot_be_foretold_from_the_one_before() -> None:
    chance = random.Random(8)
    left, drawn = "", []
    for _ in range(20_000):
        left = owed(left, chance)
        drawn.append(left[0])
        left = paid(left, "a" if left[0] == "a" else "b")
    changed = sum(one != other for one, other in itertools.pairwise(drawn)) / len(drawn)
    # A strict alternation would be 1, a coin 0.5; short blocks must lie between, far from certainty.
    assert 0.5 < changed < 0.72

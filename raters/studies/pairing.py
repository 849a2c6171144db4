"""Which outputs are compared, on which sides and in which order: all drawn before anyone judges.

Pure: chance comes in as a seeded generator, so a study's seed gives the same plan again.
"""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["a", "b"]
OTHER: dict[Side, Side] = {"a": "b", "b": "a"}
#: How many comparisons share one permuted block of side patterns; drawn anew for each block.
BLOCK_LENGTHS = (2, 4)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two outputs for one sample. ``arms`` are their systems' positions in declared order, ascending."""

    sample_id: int
    arms: tuple[int, int]
    generation_a: int
    generation_b: int


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    """A seat before it is a row. ``comparison`` and ``number`` count from 0, ``place`` from 1."""

    comparison: int
    number: int
    shown_left: Side
    place: int


def pairs(samples: Sequence[int], outputs: Sequence[Mapping[int, int]]) -> list[Pair]:
    """Every two arms of every sample, in the order of the samples and then of the declared arms.

    ``outputs`` holds, per arm in declared order, the generation of each sample. A pair of which one output is
    missing is left out; the caller has decided whether that may happen.
    """
    return [
        Pair(sample, (first, second), outputs[first][sample], outputs[second][sample])
        for sample in samples
        for first, second in itertools.combinations(range(len(outputs)), 2)
        if sample in outputs[first] and sample in outputs[second]
    ]


def side_patterns(count: int, seats: int, chance: random.Random) -> Iterator[tuple[Side, ...]]:
    """For each of ``count`` comparisons, which output stands left at each of its seats.

    Over one comparison the two sides differ by at most one seat. Patterns come in permuted blocks in which
    each pattern stands with its mirror image, so over a whole block both every seat number and the extra
    seat of an odd ``seats`` are split evenly.
    """
    given = 0
    while given < count:
        block: list[tuple[Side, ...]] = []
        for _ in range(chance.choice(BLOCK_LENGTHS) // 2):
            fuller: Side = chance.choice(("a", "b"))
            pattern = [fuller] * (seats - seats // 2) + [OTHER[fuller]] * (seats // 2)
            chance.shuffle(pattern)
            block += [tuple(pattern), tuple(OTHER[side] for side in pattern)]
        chance.shuffle(block)
        yield from block[: count - given]
        given += len(block)


def plan_seats(planned: Sequence[Pair], seats: int, chance: random.Random) -> list[PlannedSeat]:
    """All seats of a study, in the order of their places.

    Sides are balanced among the comparisons of the same two systems. Places run round by round (first every
    comparison's first seat, then every second one), so that the least judged comparisons come first, and each
    round has its own shuffle.
    """
    sides: dict[int, tuple[Side, ...]] = {}
    by_arms: dict[tuple[int, int], list[int]] = {}
    for index, pair in enumerate(planned):
        by_arms.setdefault(pair.arms, []).append(index)
    for indices in by_arms.values():
        # Blocks follow a shuffled order, so that the file's order says nothing about which side comes next.
        chance.shuffle(indices)
        sides.update(zip(indices, side_patterns(len(indices), seats, chance), strict=True))
    seated: list[PlannedSeat] = []
    for number in range(seats):
        order = list(range(len(planned)))
        chance.shuffle(order)
        seated += [
            PlannedSeat(comparison, number, sides[comparison][number], len(seated) + place)
            for place, comparison in enumerate(order, start=1)
        ]
    return seated

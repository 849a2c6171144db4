"""Which system should stand left next for a rater: permuted blocks, so that each stands left half the time.

Pure. What is left of a block is a short text such as ``"ba"`` (``a``: the first declared system of the pair
stands left), kept in the rater's cursor row.
"""

import random

from raters.studies.pairing import BLOCK_LENGTHS, OTHER, Side

#: As long as the column that keeps it. A longer debt of one side is forgotten.
LONGEST = 8


def owed(sides: str, chance: random.Random) -> str:
    """What is left of the block, or a fresh one; its first letter is the side wanted next."""
    if sides:
        return sides
    half = chance.choice(BLOCK_LENGTHS) // 2
    block = list("a" * half + "b" * half)
    chance.shuffle(block)
    return "".join(block)


def paid(sides: str, taken: Side) -> str:
    """What is owed after one seat. A side that was not owed is made up for by one more of the other later."""
    if taken in sides:
        return sides.replace(taken, "", 1)
    return (sides + OTHER[taken])[:LONGEST]

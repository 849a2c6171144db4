"""Bootstrap without loops over rows.

Units with the same contribution to a figure form a cell. Drawing n units with replacement is exactly one
multinomial draw of n over the cells with probabilities proportional to their sizes, so the cost of a resample
depends on the number of different contributions, not on the number of judgments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np

from evalapp.reports.arrays import Floats, Ints

RESAMPLES = 10_000
FEWEST_RESAMPLES = 1_000
DRAW_BUDGET = 10_000_000
"""Cells times resamples beyond which fewer resamples are drawn."""
MANY_CELLS = 1_000
"""Cells from which on drawing the units themselves can be cheaper than drawing the cells' sizes."""
CHUNK_CELLS = 4_000_000


def generator(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends on the seed and on what it is for, not on what was computed before."""
    return np.random.default_rng([abs(seed), crc32("/".join(names).encode())])


def affordable(cells: int, wanted: int = RESAMPLES) -> int:
    """How many resamples to draw: the wanted number, fewer (at least 1,000) when there are very many
    cells."""
    return min(wanted, max(FEWEST_RESAMPLES, DRAW_BUDGET // max(cells, 1)))


def draws(sizes: Ints, resamples: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Resampled cell sizes in pieces of shape (some resamples, cells); every row sums to `sizes.sum()`."""
    total = int(sizes.sum())
    cells = len(sizes)
    rows = max(1, min(resamples, CHUNK_CELLS // max(cells, 1)))
    members = np.repeat(np.arange(cells), sizes) if cells > MANY_CELLS and cells * 4 > total else None
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        if members is None:
            yield rng.multinomial(total, sizes / total, size=count).astype(np.float64)
        else:
            # Nearly every unit is a cell of its own: drawing the units themselves is cheaper.
            piece = np.empty((count, cells))
            for row in range(count):
                piece[row] = np.bincount(members[rng.integers(0, total, size=total)], minlength=cells)
            yield piece


def bootstrap(
    sizes: Ints,
    statistic: Callable[[Floats], Floats],
    rng: np.random.Generator,
    resamples: int = RESAMPLES,
) -> Floats:
    """The statistic of every resample.

    `statistic` takes weights of shape (k, cells) and returns shape (k,) or (k, m), NaN where undefined.
    """
    return np.concatenate([statistic(piece) for piece in draws(sizes, resamples, rng)])


def cells_of(values: Floats) -> tuple[Floats, Ints]:
    """Distinct values in ascending order, and how often each occurs."""
    found, sizes = np.unique(values, return_counts=True)
    return found, sizes.astype(np.int64)


def cells_of_rows(rows: Ints) -> tuple[Ints, Ints]:
    """Distinct rows of a whole-number matrix, and how often each occurs."""
    found, sizes = np.unique(rows, axis=0, return_counts=True)
    return found, sizes.astype(np.int64)


def described(unit: str, resamples: int) -> str:
    """How an interval was made, for the method of an estimate."""
    return f"bootstrap over {unit}, {resamples:,} resamples, percentile interval"

"""Resampling by cells is the bootstrap: the same distribution as drawing units one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from evalapp.reports.resampling import (
    DRAW_BUDGET,
    MANY_CELLS,
    affordable,
    bootstrap,
    cells_of,
    cells_of_rows,
    draws,
    generator,
)

VALUES = np.array([0.0] * 30 + [0.5] * 12 + [1.0] * 48 + [1 / 3] * 10)


def test_means_over_cells_are_distributed_like_means_over_drawn_units() -> None:
    cells, sizes = cells_of(VALUES)
    by_cells = bootstrap(sizes, lambda weights: weights @ cells / len(VALUES), generator(1, "cells"), 4_000)
    rng = np.random.default_rng(2)
    naive = np.array([VALUES[rng.integers(0, len(VALUES), len(VALUES))].mean() for _ in range(4_000)])
    assert ks_2samp(by_cells, naive).pvalue > 0.01
    assert by_cells.std() == pytest.approx(VALUES.std() / np.sqrt(len(VALUES)), rel=0.05)


def test_drawing_units_and_drawing_cells_agree() -> None:
    distinct = np.arange(float(MANY_CELLS + 1))
    n = len(distinct)
    _, sizes = cells_of(distinct)
    by_units = bootstrap(sizes, lambda weights: weights @ distinct / n, generator(3, "units"), 2_000)
    rng = np.random.default_rng(4)
    naive = np.array([distinct[rng.integers(0, n, n)].mean() for _ in range(2_000)])
    assert ks_2samp(by_units, naive).pvalue > 0.01


@pytest.mark.parametrize("sizes", [[5, 1, 4], [1] * 50, [1000, 3], [2] * (MANY_CELLS + 1)])
def test_every_resample_has_as_many_units_as_the_data(sizes: list[int]) -> None:
    pieces = list(draws(np.array(sizes), 25, generator(0, "any")))
    assert sum(len(piece) for piece in pieces) == 25
    assert all((piece.sum(axis=1) == sum(sizes)).all() for piece in pieces)


def test_the_same_seed_and_name_draw_the_same_and_others_do_not() -> None:
    one, same, other_seed, other_name = (
        next(draws(np.array([30, 70]), 5, generator(seed, name)))
        for seed, name in ((1, "a"), (1, "a"), (2, "a"), (1, "b"))
    )
    assert (one == same).all()
    assert not (one == other_seed).all()
    assert not (one == other_name).all()


def test_very_many_cells_get_fewer_resamples_but_never_below_a_thousand() -> None:
    assert affordable(20) == 10_000
    assert affordable(DRAW_BUDGET // 5_000) == 5_000
    assert affordable(10**9) == 1_000


def test_cells_are_the_distinct_rows_with_their_numbers() -> None:
    rows, sizes = cells_of_rows(np.array([[1, 2], [0, 1], [1, 2]]))
    assert (rows.tolist(), sizes.tolist()) == ([[0, 1], [1, 2]], [1, 2])

"""Agreement coefficients: against independent libraries, by symmetry, by hand, and where they are
undefined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from evalapp.reports.agreement import LEVELS, Level, Ratings, alpha_of, patterns_of
from evalapp.reports.arrays import coded
from evalapp.reports.coefficients import agreement_figures, reading_aid

Table = list[list[int]]
"""Ratings of raters (rows) for units (columns), 0 for none."""


def ratings_of(table: Table) -> Ratings:
    cells = [
        (str(unit), str(rater), str(value))
        for rater, row in enumerate(table)
        for unit, value in enumerate(row)
        if value
    ]
    return from_cells(cells)


def from_cells(cells: Sequence[tuple[str, str, str]]) -> Ratings:
    unit, rater, value = (coded([cell[place] for cell in cells]) for place in range(3))
    return Ratings(unit, rater, value)


def figures_of(table: Table, level: Level = "nominal") -> Any:
    return agreement_figures(ratings_of(table), level=level)


tables = st.integers(2, 4).flatmap(
    lambda raters: st.integers(2, 8).flatmap(
        lambda units: st.lists(
            st.lists(st.integers(0, 4), min_size=units, max_size=units), min_size=raters, max_size=raters
        )
    )
)


@settings(deadline=None, max_examples=60)
@given(tables, st.sampled_from(LEVELS))
def test_alpha_equals_that_of_the_krippendorff_package(table: Table, level: Level) -> None:
    data = np.array(table, dtype=float)
    unit, value = np.nonzero(data.T)[0], data.T[np.nonzero(data.T)].astype(np.int64) - 1
    patterns = patterns_of(unit, value, 4)
    if not patterns.pairable.any():
        return
    alpha = alpha_of(patterns, level, np.arange(1.0, 5.0))(patterns.sizes[np.newaxis].astype(float))[0]
    data[data == 0] = np.nan
    pairable = data[:, (~np.isnan(data)).sum(axis=0) >= 2]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert np.isnan(alpha)
    else:
        assert alpha == pytest.approx(krippendorff.alpha(data, level_of_measurement=level), abs=1e-9)


@settings(deadline=None, max_examples=12)
@given(
    st.integers(2, 4).flatmap(
        lambda raters: st.lists(
            st.lists(st.integers(1, 3), min_size=6, max_size=6), min_size=raters, max_size=raters
        )
    )
)
def test_fleiss_kappa_on_complete_tables_equals_that_of_statsmodels(table: Table) -> None:
    found = figures_of(table)["fleiss_kappa"]
    data = np.array(table)
    if len(np.unique(data)) == 1:
        assert found["value"] is None
        return
    counts = np.stack([(data == value).sum(axis=0) for value in np.unique(data)], axis=1)
    assert found["value"] == pytest.approx(fleiss_kappa(counts), abs=1e-9)
    assert found["units_left_out"] == 0


@settings(deadline=None, max_examples=12)
@given(st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=3, max_size=3))
def test_cohens_kappa_and_its_errors_equal_those_of_statsmodels(joint: Table) -> None:
    cells = [(one, two) for one in range(3) for two in range(3) for _ in range(joint[one][two])]
    if len({one for one, _ in cells} | {two for _, two in cells}) < 2:
        return
    (pair,) = figures_of([[one + 1 for one, _ in cells], [two + 1 for _, two in cells]])["cohen_kappa"]
    expected = cohens_kappa(np.array(joint, dtype=float))
    assert pair["value"] == pytest.approx(expected.kappa, abs=1e-9)
    if pair["asymptotic"]["standard_error"] is not None:
        assert pair["asymptotic"]["standard_error"] == pytest.approx(np.sqrt(expected.var_kappa), abs=1e-9)
        assert pair["asymptotic"]["null_standard_error"] == pytest.approx(
            np.sqrt(expected.var_kappa0), abs=1e-9
        )


@settings(deadline=None, max_examples=8)
@given(tables, st.randoms(use_true_random=False))
def test_neither_the_order_of_rows_nor_the_names_of_raters_change_anything(table: Table, chance: Any) -> None:
    cells = [
        (str(unit), str(rater), str(value))
        for rater, row in enumerate(table)
        for unit, value in enumerate(row)
        if value
    ]
    shuffled = chance.sample(cells, len(cells))
    original, other = agreement_figures(from_cells(cells)), agreement_figures(from_cells(shuffled))
    assert original == other
    turned = figures_of(table[::-1])
    for key in ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1", "percent_agreement"):
        assert turned[key] == original[key]


def test_percent_agreement_by_hand() -> None:
    # Three units: all three agree (1), two of three agree (1/3), the third has one rating and does not enter.
    found = figures_of([[1, 1, 2], [1, 1, 0], [1, 2, 0]])["percent_agreement"]
    assert found["value"] == pytest.approx((1 + 1 / 3) / 2)


def test_more_units_with_the_same_ratings_narrow_the_interval() -> None:
    table = [[1, 2, 1, 2, 1, 1], [1, 2, 1, 1, 1, 2], [1, 2, 2, 2, 1, 2]]
    few, many = (figures_of([row * times for row in table])["gwet_ac1"] for times in (2, 20))
    assert many["value"] == pytest.approx(few["value"])
    assert many["high"] - many["low"] < 0.5 * (few["high"] - few["low"])


def test_unanimous_ratings_have_full_percent_agreement_and_no_alpha() -> None:
    found = figures_of([[1, 1, 1], [1, 1, 1]])
    assert found["percent_agreement"]["value"] == 1
    for key in ("krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert found[key]["value"] is None
        assert "every rating was the same" in found[key]["reason"]
    assert found["cohen_kappa"][0]["value"] is None


@pytest.mark.parametrize("table", [[[1, 2, 3]], [[1, 2, 0], [0, 0, 3]]])
def test_without_two_ratings_of_one_unit_nothing_is_defined(table: Table) -> None:
    found = figures_of(table)
    for key in ("percent_agreement", "krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert (found[key]["value"], found[key]["low"], found[key]["high"]) == (None, None, None)
        assert found[key]["reason"] == "no unit has two ratings"
    assert found["cohen_kappa"] == []


def test_no_ratings_at_all_are_reported_as_such() -> None:
    found = figures_of([[0], [0]])
    assert (found["units"], found["raters"], found["ratings"], found["labels"]) == (0, 0, 0, [])
    assert found["krippendorff_alpha"]["value"] is None


def test_one_dissent_gives_no_interval_because_most_resamples_would_lack_it() -> None:
    table = [[1] * 12, [1] * 11 + [2]]
    alpha = figures_of(table)["krippendorff_alpha"]
    assert alpha["value"] is not None
    assert (alpha["low"], alpha["high"]) == (None, None)
    assert "of the resamples every rating was the same" in alpha["reason"]


def test_units_with_another_number_of_ratings_are_left_out_of_fleiss_and_counted() -> None:
    table = [[1, 2, 1, 1, 2], [1, 2, 2, 1, 2], [1, 1, 2, 0, 0]]
    assert figures_of(table)["fleiss_kappa"]["units_left_out"] == 2


def test_with_many_pairs_of_raters_those_with_most_shared_units_are_listed() -> None:
    table = [[1 + (rater + unit) % 2 for unit in range(3)] for rater in range(30)]
    found = figures_of(table)
    assert len(found["cohen_kappa"]) == 300
    assert found["cohen_pairs_left_out"] == 30 * 29 // 2 - 300


def test_ordinal_values_are_ordered_as_numbers_not_as_text() -> None:
    table = [[2, 10, 10, 2], [2, 10, 2, 2], [3, 10, 10, 2]]
    data = np.array(table, dtype=float)
    found = figures_of(table, "ordinal")["krippendorff_alpha"]["value"]
    assert found == pytest.approx(krippendorff.alpha(data, level_of_measurement="ordinal"), abs=1e-9)


def test_numeric_levels_refuse_text() -> None:
    ratings = Ratings(coded(["u", "u"]), coded(["r", "s"]), coded(["good", "bad"]))
    with pytest.raises(ValueError, match="needs numbers"):
        agreement_figures(ratings, level="interval")


@pytest.mark.parametrize(
    ("alpha", "agreement", "expected"),
    [
        (0.80, 0.9, "Reliable"),
        (0.70, 0.75, "Tentative"),
        (0.10, 0.95, "prevails"),
        (0.10, 0.30, "Low"),
        (None, 1.0, "undefined"),
    ],
)
def test_reading_aid_says_what_alpha_means(alpha: float | None, agreement: float, expected: str) -> None:
    text = reading_aid({"krippendorff_alpha": {"value": alpha}, "percent_agreement": {"value": agreement}})
    assert expected in text

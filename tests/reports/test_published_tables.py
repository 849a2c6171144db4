"""Published worked examples, through the command line, as anyone would check them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.reports.conftest import WriteCsv

RATING = ("unit", "rater", "value")

# Krippendorff, K. (2011), Computing Krippendorff's Alpha-Reliability, University of Pennsylvania, section C:
# four observers, twelve units, 0 for a missing rating.
KRIPPENDORFF = (
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
)


def krippendorff_ratings() -> Iterator[tuple[object, ...]]:
    for rater, row in enumerate(KRIPPENDORFF):
        for unit, value in enumerate(row):
            if value:
                yield unit, rater, value


def from_contingency(table: Sequence[Sequence[int]]) -> Iterator[tuple[object, ...]]:
    """Two raters' ratings from the table of their joint counts."""
    unit = 0
    for first, row in enumerate(table):
        for second, count in enumerate(row):
            for _ in range(count):
                yield unit, "first", first
                yield unit, "second", second
                unit += 1


@pytest.mark.parametrize(("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_own_example(
    level: str, expected: float, write_csv: WriteCsv, figures: Callable[..., Any]
) -> None:
    found = figures("agreement", write_csv(RATING, krippendorff_ratings()), "--level", level)
    assert found["krippendorff_alpha"]["value"] == pytest.approx(expected, abs=0.0005)
    assert (found["units"], found["raters"], found["ratings"]) == (12, 4, 41)


def test_ratio_alpha_of_krippendorffs_own_example(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # The same section gives .797 for ratio data.
    found = figures("agreement", write_csv(RATING, krippendorff_ratings()), "--level", "ratio")
    assert found["krippendorff_alpha"]["value"] == pytest.approx(0.797, abs=0.0005)


def test_ac1_of_two_raters(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # Gwet, K. L. (2014), Handbook of Inter-Rater Reliability, 4th ed.; R package irrCAC, cont3x3abstractors.
    table = ((13, 0, 0), (0, 20, 7), (0, 4, 56))
    found = figures("agreement", write_csv(RATING, from_contingency(table)))["gwet_ac1"]
    assert found["value"] == pytest.approx(0.8493305, abs=2e-5)
    assert found["standard_error"] == pytest.approx(0.04321747, abs=2e-5)


def test_ac1_of_four_raters_with_missing_ratings(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # R package irrCAC, gwet.ac1.raw(cac.raw4raters), whose data are Krippendorff's: AC1 .77544, se .14295.
    found = figures("agreement", write_csv(RATING, krippendorff_ratings()))["gwet_ac1"]
    assert found["value"] == pytest.approx(0.77544, abs=5e-6)
    assert found["standard_error"] == pytest.approx(0.14295, abs=5e-6)


def test_fleiss_kappa_of_fourteen_raters(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # The worked example of the Wikipedia article on Fleiss' kappa: ten subjects, fourteen raters, five
    # categories.
    counts = (
        (0, 0, 0, 0, 14),
        (0, 2, 6, 4, 2),
        (0, 0, 3, 5, 6),
        (0, 3, 9, 2, 0),
        (2, 2, 8, 1, 1),
        (7, 7, 0, 0, 0),
        (3, 2, 6, 3, 0),
        (2, 5, 3, 2, 2),
        (6, 5, 2, 1, 0),
        (0, 2, 2, 3, 7),
    )
    ratings = [
        (subject, rater, category)
        for subject, row in enumerate(counts)
        for rater, category in enumerate(category for category, count in enumerate(row) for _ in range(count))
    ]
    found = figures("agreement", write_csv(RATING, ratings))["fleiss_kappa"]
    assert found["value"] == pytest.approx(0.210, abs=0.0005)
    assert found["units_left_out"] == 0


def test_cohens_kappa_with_its_asymptotic_errors(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # SAS/STAT, PROC FREQ: simple kappa of a 3 x 3 table, n = 19, with ASE, limits and the test of no
    # agreement.
    table = ((0, 4, 1), (0, 8, 0), (0, 1, 5))
    (pair,) = figures("agreement", write_csv(RATING, from_contingency(table)))["cohen_kappa"]
    asymptotic = pair["asymptotic"]
    assert (pair["raters"], pair["shared_units"]) == (["first", "second"], 19)
    assert pair["value"] == pytest.approx(0.4842, abs=6e-5)
    assert asymptotic["standard_error"] == pytest.approx(0.1380, abs=6e-5)
    assert asymptotic["low"] == pytest.approx(0.2137, abs=6e-5)
    assert asymptotic["high"] == pytest.approx(0.7547, abs=6e-5)
    assert asymptotic["null_standard_error"] == pytest.approx(0.1484, abs=6e-5)
    assert asymptotic["z"] == pytest.approx(3.2626, abs=6e-5)
    assert asymptotic["p_value"] == pytest.approx(0.0011, abs=6e-5)


def test_bradley_terry_of_journal_citations(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # Stigler (1994) in Agresti (2002), Categorical Data Analysis, page 448; abilities as in Turner and Firth
    # (2012), Journal of Statistical Software 48(9), with Biometrika as the reference.
    journals = ("Biometrika", "Comm Statist", "JASA", "JRSS-B")
    cited = ((714, 730, 498, 221), (33, 425, 68, 17), (320, 813, 1072, 142), (284, 276, 325, 188))
    rows = [
        (one, other, "left")
        for i, one in enumerate(journals)
        for j, other in enumerate(journals)
        if i != j
        for _ in range(cited[i][j])
    ]
    found = figures("preference", write_csv(("left", "right", "choice"), rows))
    abilities = {journal: found["bradley_terry"][journal]["ability"]["value"] for journal in journals}
    against = {journal: abilities[journal] - abilities["Biometrika"] for journal in journals}
    expected = {"Biometrika": 0, "Comm Statist": -2.94907, "JASA": -0.47957, "JRSS-B": 0.26895}
    assert against == pytest.approx(expected, abs=1e-4)
    assert sum(abilities.values()) == pytest.approx(0, abs=1e-8)
    assert found["bradley_terry_fit"]["converged"] is True


def test_wilson_interval_of_newcombe(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: 81 of 263.
    rows = [("x", "y", "left")] * 81 + [("x", "y", "right")] * 182
    share = figures("preference", write_csv(("left", "right", "choice"), rows))["position_bias"]["left_share"]
    assert share["value"] == pytest.approx(81 / 263)
    assert (share["low"], share["high"]) == pytest.approx((0.2553, 0.3662), abs=6e-5)

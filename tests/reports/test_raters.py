"""Figures of single raters, and the model of raters who err differently."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from evalapp.reports.dawid_skene import dawid_skene, dawid_skene_figures
from evalapp.reports.judgments import judgments_of
from evalapp.reports.raters import RATERS_COLUMNS, rater_figures, rater_records
from tests.reports.studies import LARGE, SMALL, SYSTEMS, judgment, protocol, study_rows


def test_agreement_is_with_the_majority_of_the_others() -> None:
    judgments = judgments_of(
        [
            # The other two agree on a: r0 with them, then against them. In s2 the others have no majority.
            *(judgment(0, rater, "a") for rater in range(3)),
            judgment(1, 0, "b"),
            judgment(1, 1, "a"),
            judgment(1, 2, "a"),
            judgment(2, 0, "a"),
            judgment(2, 1, "a"),
            judgment(2, 2, "b"),
        ]
    )
    entry = rater_figures(judgments, protocol())[0]
    assert (entry["rater"], entry["judgments"], entry["agreement_of"]) == ("r0", 3, 2)
    assert entry["agreement_with_others"]["value"] == 0.5  # type: ignore[index]


def test_one_other_rater_is_no_majority() -> None:
    entry = rater_figures(judgments_of([judgment(0, 0, "a"), judgment(0, 1, "a")]), protocol())[0]
    assert entry["agreement_of"] == 0
    assert entry["agreement_with_others"]["value"] is None  # type: ignore[index]


def test_speed_gold_and_repeats_are_reported_for_each_rater() -> None:
    gold = judgment(5, 0, "a", status="gold")
    rows = [
        judgment(0, 0, "a", active_seconds=1.0),
        judgment(1, 0, "b", active_seconds=9.0),
        gold,
        judgment(6, 0, "b", status="gold"),
        judgment(0, 0, "a", left="b", status="repeat"),
        judgment(1, 0, "tie", left="b", status="repeat"),
        judgment(2, 0, "a", status="excluded", exclusion_reason="too quick"),
    ]
    declared = protocol(speed_floor_s=2.0, gold={gold.comparison: "a", rows[3].comparison: "a"})
    (entry,) = rater_figures(judgments_of(rows), declared)
    assert (entry["judgments"], entry["excluded"]) == (2, 1)
    assert (entry["median_active_seconds"], entry["under_speed_floor"]) == (5.0, 0.5)
    assert (entry["gold_passed"], entry["gold_of"]) == (1, 2)
    assert (entry["repeats_consistent"], entry["repeats_of"]) == (1, 2)


def test_the_table_of_raters_has_the_described_columns() -> None:
    records = list(rater_records(judgments_of(study_rows(6)), protocol()))
    assert [record[0] for record in records] == ["r0", "r1", "r2"]
    assert {len(record) for record in records} == {len(RATERS_COLUMNS)}


def test_dawid_and_skene_find_the_careless_rater_and_the_true_labels() -> None:
    chance = random.Random(5)
    accuracy = (0.95, 0.9, 0.9, 0.3)
    truth = [chance.randrange(3) for _ in range(400)]
    cells = [
        (unit, rater, label if chance.random() < share else chance.randrange(3))
        for unit, label in enumerate(truth)
        for rater, share in enumerate(accuracy)
    ]
    fitted = dawid_skene(*np.array(cells).T, classes=3)
    assert fitted.converged
    assert (fitted.posterior.argmax(axis=1) == truth).mean() > 0.97
    diagonals = np.einsum("rkk->rk", fitted.confusion).mean(axis=1)
    assert diagonals[:3].min() > 0.85
    assert diagonals[3] < 0.6


def test_alike_comparisons_fitted_once_give_what_each_on_its_own_gives() -> None:
    rows = [(0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 0), (2, 0, 0), (2, 1, 1), (3, 0, 1), (3, 1, 1)]
    single = dawid_skene(*np.array(rows).T, classes=2)
    merged = [row for row in rows if row[0] != 2]
    renumbered = [(min(2, unit), rater, choice) for unit, rater, choice in merged]
    together = dawid_skene(*np.array(renumbered).T, classes=2, sizes=np.array([2.0, 1.0, 1.0]))
    assert together.steps == single.steps
    assert together.posterior[0] == pytest.approx(single.posterior[2])
    assert together.confusion == pytest.approx(single.confusion)


def test_sensitivity_follows_the_votes_when_raters_agree() -> None:
    rows = [judgment(sample, rater, "a" if sample < 6 else "b") for sample in range(10) for rater in range(3)]
    figures = dawid_skene_figures(judgments_of(rows), SYSTEMS)
    assert figures["labels"] == {SMALL: 6, LARGE: 4, "tie": 0, "both_bad": 0}
    assert figures["win_rate"] == pytest.approx({SMALL: 0.6, LARGE: 0.4}, abs=1e-3)
    assert figures["converged"] is True


def test_sensitivity_does_not_depend_on_which_system_is_called_a() -> None:
    rows = study_rows(12)
    swapped = [
        replace(
            row,
            system_a=row.system_b,
            system_b=row.system_a,
            shown_left="b" if row.shown_left == "a" else "a",
            choice={"a": "b", "b": "a"}.get(row.choice, row.choice),  # type: ignore[arg-type]
        )
        for row in rows
    ]
    one, other = (dawid_skene_figures(judgments_of(each), SYSTEMS) for each in (rows, swapped))
    assert one["labels"] == other["labels"]
    assert one["win_rate"] == pytest.approx(other["win_rate"], abs=1e-9)

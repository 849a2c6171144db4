"""Objective checks beside the human vote."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.reports.checks import check_figures, label_figures, preferred_by_check
from evalapp.reports.judgments import judgments_of
from evalapp.reports.rows import GenerationRow, SampleRow
from evalapp.reports.votes import vote
from tests.reports.studies import LARGE, SMALL, judgment


def labelled(pairs: list[tuple[str, str]]) -> tuple[list[GenerationRow], list[SampleRow]]:
    rows = [
        GenerationRow(system=SMALL, sample=f"s{place}", task_kind="classify", output=given)
        for place, (_, given) in enumerate(pairs)
    ]
    samples = [
        SampleRow(sample=f"s{place}", task_kind="classify", payload={"text": "?", "label": wanted})
        for place, (wanted, _) in enumerate(pairs)
    ]
    return rows, samples


def test_checks_that_pass_or_fail_and_measures_are_told_apart() -> None:
    base = GenerationRow(system=SMALL, sample="s0", task_kind="code")
    rows = [
        replace(base, checks={"passed": True, "words": 10}),
        replace(base, sample="s1", checks={"passed": False, "words": 20, "note": "text is no figure"}),
        replace(base, sample="s2", status="failed", checks={"passed": False}),
    ]
    (entry,) = check_figures(rows, [], (SMALL, LARGE))
    assert (entry["passed"]["passed"]["count"], entry["passed"]["passed"]["of"]) == (1, 2)  # type: ignore[index]
    assert entry["measured"] == {"words": {"n": 2, "mean": 15.0, "median": 15.0}}


def test_accuracy_macro_f1_and_confusion_by_hand() -> None:
    rows, samples = labelled([("x", "x"), ("x", "y"), ("y", "Y "), ("z", "nonsense")])
    found = label_figures(rows, samples)
    assert found is not None
    assert found["accuracy"]["value"] == 0.5  # type: ignore[index]
    # F1: x 2/3, y 2/3, z 0.
    assert found["macro_f1"] == pytest.approx(4 / 9)
    assert found["unparseable"]["value"] == 0.25  # type: ignore[index]
    assert found["confusion"] == [
        {"expected": "x", "given": "y", "count": 1},
        {"expected": "z", "given": "nonsense", "count": 1},
    ]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=40))
def test_perfect_labels_have_f1_one_and_any_labels_lie_between_zero_and_one(
    pairs: list[tuple[str, str]],
) -> None:
    found = label_figures(*labelled(pairs))
    assert found is not None
    assert 0 <= found["macro_f1"] <= 1  # type: ignore[operator]
    perfect = label_figures(*labelled([(wanted, wanted) for wanted, _ in pairs]))
    assert perfect is not None
    assert (perfect["macro_f1"], perfect["confusion"]) == (1.0, [])


def test_without_labels_there_is_nothing_to_compare() -> None:
    rows = [GenerationRow(system=SMALL, sample="s0", task_kind="classify", output="x")]
    assert label_figures(rows, []) is None
    assert check_figures(rows, [], (SMALL,)) == []


def test_preference_and_passing_fall_into_four_cells() -> None:
    def checked(system: str, sample: int, passed: object) -> GenerationRow:
        return GenerationRow(system=system, sample=f"s{sample}", task_kind="code", checks={"passed": passed})

    votes = vote(
        judgments_of([judgment(0, 0, "a"), judgment(1, 0, "b"), judgment(2, 0, "tie"), judgment(3, 0, "a")])
    )
    generations = [
        checked(SMALL, 0, True),
        checked(LARGE, 0, False),
        checked(SMALL, 1, True),
        checked(LARGE, 1, True),
        checked(SMALL, 2, True),
        checked(SMALL, 3, "not run"),
    ]
    assert preferred_by_check(votes, generations) == [
        {
            "check": "passed",
            "preferred_passed": 2,
            "preferred_failed": 0,
            "other_passed": 1,
            "other_failed": 1,
        }
    ]

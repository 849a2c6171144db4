"""The whole report: what it holds, that it is a function of its rows, and that no data break it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from evalapp.reports.build import build_report
from evalapp.reports.canonical import Report
from evalapp.reports.html import render_body, render_page
from evalapp.reports.rows import JudgmentRow
from tests.reports.studies import (
    LARGE,
    SMALL,
    call_rows,
    generation_rows,
    judgment,
    price_rows,
    protocol,
    sample_rows,
    study_rows,
)


def report_of(rows: list[JudgmentRow], **changes: object) -> Report:
    generations = generation_rows()
    return build_report(
        rows,
        generations,
        call_rows(generations),
        protocol(**changes),
        5,
        samples=sample_rows(),
        prices=price_rows(),
    )


def estimates(value: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every estimate in a report with its place."""
    if isinstance(value, dict):
        if {"value", "low", "high"} <= set(value):
            yield path, value
        for key, item in value.items():
            yield from estimates(item, f"{path}/{key}")
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from estimates(item, f"{path}/{place}")


def test_the_report_decides_and_shows_its_evidence() -> None:
    figures: Any = report_of(study_rows()).figures
    (decision,) = figures["decisions"]
    assert (decision["candidate"], decision["reference"]) == (SMALL, LARGE)
    assert decision["win_rate"] == figures["preference"][0]["win_rate"][SMALL]
    assert decision["beside"]["cost_ratio"] == 0.1
    assert figures["totals"] == {
        "samples": 40,
        "judged_samples": 40,
        "comparisons": 40,
        "raters": 3,
        "judgments": 120,
        "rows": 120,
    }
    assert sum(figures["preference"][0]["majority"].values()) == 40
    assert [entry["rater"] for entry in figures["raters"]] == ["r0", "r1", "r2"]
    assert figures["usage"][0]["cost_usd"] == {"per_call": "0.000675", "total": "0.027"}


def test_the_order_of_judgments_changes_no_byte() -> None:
    rows = study_rows(scored=True)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert report_of(rows).to_json() == report_of(shuffled).to_json()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_intervals_only() -> None:
    rows = study_rows()
    generations = generation_rows()
    one, same, other = (build_report(rows, generations, [], protocol(), seed).figures for seed in (5, 5, 6))
    assert one == same
    first: Any = one["preference"]
    second: Any = other["preference"]
    assert first[0]["win_rate"][SMALL]["value"] == second[0]["win_rate"][SMALL]["value"]
    assert first[0]["win_rate"][SMALL]["low"] != second[0]["win_rate"][SMALL]["low"]


def test_a_store_that_forgets_the_order_of_keys_gives_the_same_bytes_again() -> None:
    report = report_of(study_rows(10))
    forgotten = json.dumps(dict(reversed(json.loads(report.to_json()).items())))
    assert Report.from_json(forgotten).to_json() == report.to_json()


def test_only_counted_judgments_count_and_excluded_ones_are_shown_beside() -> None:
    rows = study_rows(20)
    extra = [
        judgment(0, 7, "b", status="surplus"),
        judgment(1, 8, "b", status="superseded"),
        judgment(2, 9, "b", status="excluded", exclusion_reason="too quick"),
        judgment(3, 9, "b", status="gold"),
        judgment(4, 0, "b", status="training"),
    ]
    plain: Any = report_of(rows).figures
    found: Any = report_of(rows + extra).figures
    assert found["preference"] == plain["preference"]
    assert found["agreement"] == plain["agreement"]
    assert found["exclusions"]["by_reason"] == {"too quick": 1}
    assert found["exclusions"]["by_status"]["surplus"] == 1
    with_excluded = found["exclusions"]["with_excluded"][0]
    assert with_excluded["judgments"] == 61
    assert with_excluded["win_rate"][SMALL]["value"] < plain["preference"][0]["win_rate"][SMALL]["value"]


def test_criteria_and_task_kinds_are_reported_apart() -> None:
    rows = study_rows(24, criteria=("facts", "style"), kinds=("qa", "code"))
    figures: Any = report_of(rows, criteria=("style", "facts")).figures
    assert figures["criteria"] == ["style", "facts"]
    assert [(entry["criterion"], entry["task_kind"]) for entry in figures["decisions"]] == [
        ("style", None),
        ("style", "code"),
        ("style", "qa"),
        ("facts", None),
        ("facts", "code"),
        ("facts", "qa"),
    ]


def test_both_bad_is_a_tie_where_the_protocol_declared_it() -> None:
    rows = [judgment(0, 0, "tie"), judgment(0, 1, "both_bad"), judgment(0, 2, "a")]
    plain: Any = report_of(rows).figures
    declared: Any = report_of(rows, both_bad_as_tie=True).figures
    assert plain["preference"][0]["majority"]["no_majority"] == 1
    assert declared["preference"][0]["majority"]["tie"] == 1
    assert declared["preference"][0]["counts"][SMALL]["both_bad"] == 1
    assert declared["agreement"][0]["percent_agreement"]["value"] == pytest.approx(1 / 3)


def test_graded_and_scored_studies_have_ordinal_agreement() -> None:
    rows = [
        replace(row, strength=1 + place % 3 if row.choice in {"a", "b"} else None)
        for place, row in enumerate(study_rows(scored=True))
    ]
    figures: Any = report_of(rows).figures
    (entry,) = figures["agreement"]
    assert entry["graded_alpha"]["value"] is not None
    assert entry["score_alpha"]["value"] is not None


def three_systems() -> list[JudgmentRow]:
    names = (("p", "q"), ("q", "r"), ("p", "r"))
    return [row for place, pair in enumerate(names) for row in study_rows(12, systems=pair, seed=place)]


DEGENERATE: dict[str, list[JudgmentRow]] = {
    "no judgments": [],
    "one judgment": [judgment(0, 0, "a")],
    "one rater": [judgment(sample, 0, "a" if sample % 2 else "b") for sample in range(6)],
    "one sample": [judgment(0, rater, "tie") for rater in range(3)],
    "all ties": [judgment(sample, rater, "tie") for sample in range(8) for rater in range(3)],
    "all both bad": [judgment(sample, rater, "both_bad") for sample in range(8) for rater in range(3)],
    "unanimous": [judgment(sample, rater, "a") for sample in range(40) for rater in range(3)],
    "all excluded": [judgment(sample, 0, "a", status="excluded") for sample in range(4)],
    "only gold": [judgment(sample, 0, "a", status="gold") for sample in range(4)],
    "unconnected systems": [
        judgment(sample, rater, "a", systems=pair)
        for sample, pair in enumerate((("p", "q"), ("r", "s")))
        for rater in range(3)
    ],
    "three systems": three_systems(),
    "a rater per judgment": [judgment(sample, sample, "b") for sample in range(30)],
    "no times": [
        replace(row, opened_at=None, submitted_at=None, first_action_at=None, active_seconds=None)
        for row in study_rows(5)
    ],
    "names that are markup": [
        judgment(sample, rater, "a", systems=("<b>&\"'", "</svg><script>"))
        for sample in range(4)
        for rater in range(3)
    ],
    "a system without outputs": study_rows(10, systems=("unknown", "other")),
}


@pytest.mark.parametrize("rows", DEGENERATE.values(), ids=DEGENERATE.keys())
def test_every_figure_of_odd_data_is_a_value_or_has_a_reason(rows: list[JudgmentRow]) -> None:
    report = report_of(rows)
    assert Report.from_json(report.to_json()) == report
    for path, estimate in estimates(report.figures):
        if estimate["value"] is None or estimate["low"] is None:
            assert estimate.get("reason"), path
        else:
            assert estimate["low"] <= estimate["high"], path
    for html in (render_body(report), render_page(report)):
        assert "<script" not in html.lower()
        assert "nan" not in html.lower().replace("finance", "")


def test_nothing_at_all_still_makes_a_report() -> None:
    report = build_report([], [], [], protocol(systems=()), 0)
    assert report.figures["decisions"] == []
    assert "Not yet known" in render_body(report)

"""Style control: features, recovery, agreement with statsmodels, and where it is undefined."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from evalapp.reports.judgments import judgments_of
from evalapp.reports.preference import win_rates
from evalapp.reports.rows import GenerationRow
from evalapp.reports.style import FEATURES, fit_style, mean_styles, style_control, style_of, text_of
from tests.reports.studies import LARGE, SMALL, generation_rows, judgment, study_rows

MARKDOWN = (
    "# Title\n\nSome **bold** and __more__.\n\n- one\n- two\n1. three\n\n```python\n# not a heading?\n```\n"
)


def test_style_is_counted_from_markdown() -> None:
    found = dict(zip(FEATURES, style_of(MARKDOWN), strict=True))
    # A comment inside code looks like a heading; both systems are counted by the same rule.
    assert found == {"length": len(MARKDOWN), "headings": 2, "list_items": 3, "bold": 2, "code_blocks": 1}


@pytest.mark.parametrize(
    ("output", "expected"),
    [(None, ""), ("x", "x"), (["a", "b"], "a\n\nb"), ({"label": "é"}, '{"label": "é"}'), (3, "3")],
)
def test_any_output_can_be_read_as_text(output: object, expected: str) -> None:
    assert text_of(output) == expected


def test_the_fit_equals_a_robust_binomial_model_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    differences = rng.normal(size=(200, 2))
    outcome = np.clip(
        np.round(3 / (1 + np.exp(-(0.4 + differences @ [0.8, -0.3])) + rng.normal(0, 0.3, 200))) / 3, 0, 1
    )
    found = fit_style(outcome, differences, ("one", "two"))
    design = sm.add_constant(differences / differences.std(axis=0, ddof=1))
    expected = sm.GLM(outcome, design, family=sm.families.Binomial()).fit(
        cov_type="HC1", cov_kwds={}, tol=1e-12
    )
    assert [found.coefficients[name].value for name in ("one", "two")] == pytest.approx(
        expected.params[1:], abs=1e-6
    )
    assert found.controlled.value == pytest.approx(1 / (1 + np.exp(-expected.params[0])), abs=1e-8)
    one = found.coefficients["one"]
    assert one.low is not None
    assert one.high is not None
    assert (one.high - one.low) / 2 / 1.959964 == pytest.approx(expected.bse[1], rel=0.01)


def test_with_outputs_of_equal_style_the_controlled_rate_is_the_raw_rate() -> None:
    judgments = judgments_of(study_rows(60))
    same = [
        GenerationRow(system=system, sample=f"s{sample}", task_kind="qa", output="The same.")
        for system in (SMALL, LARGE)
        for sample in range(60)
    ]
    found = style_control(judgments, SMALL, LARGE, same)
    assert found.controlled.value == pytest.approx(win_rates(judgments, seed=1)[SMALL].value)
    assert found.coefficients == {}


def test_when_raters_only_prefer_the_longer_output_the_controlled_rate_is_one_half() -> None:
    rng = np.random.default_rng(4)
    length = rng.normal(1.0, 1.0, 2_000)
    outcome = (rng.random(2_000) < 1 / (1 + np.exp(-length))).astype(float)
    found = fit_style(outcome, length[:, np.newaxis], ("length",))
    assert outcome.mean() > 0.65
    assert found.controlled.low is not None
    assert found.controlled.high is not None
    assert found.controlled.low < 0.5 < found.controlled.high
    assert found.coefficients["length"].low is not None
    assert found.coefficients["length"].low > 0.5


def test_exchanging_the_systems_mirrors_the_controlled_rate() -> None:
    judgments, generations = judgments_of(study_rows(80)), generation_rows(80)
    one = style_control(judgments, SMALL, LARGE, generations).controlled
    other = style_control(judgments, LARGE, SMALL, generations).controlled
    assert one.value is not None
    assert (1 - one.value, one.low) == pytest.approx((other.value, 1 - (other.high or 0)))


def test_few_samples_and_separated_outcomes_have_a_reason_instead_of_a_figure() -> None:
    few = style_control(judgments_of([judgment(0, 0, "a")]), SMALL, LARGE, generation_rows(1))
    assert few.controlled.value is None
    assert "fewer than the" in str(few.controlled.reason)
    differences = np.linspace(-1, 1, 60)[:, np.newaxis]
    separated = fit_style((differences[:, 0] > 0).astype(float), differences, ("length",))
    assert "separate the outcomes" in str(separated.controlled.reason)
    never = fit_style(np.zeros(60), differences, ("length",))
    assert never.controlled.value is None


def test_mean_styles_stand_for_each_system_and_kind() -> None:
    rows = [
        GenerationRow(system=SMALL, sample="s0", task_kind="qa", output="1234"),
        GenerationRow(system=SMALL, sample="s1", task_kind="qa", output="12"),
        GenerationRow(system=SMALL, sample="s2", task_kind="qa", status="failed"),
    ]
    (entry,) = mean_styles(rows)
    assert (entry["system"], entry["task_kind"], entry["length"], entry["bold"]) == (SMALL, "qa", 3.0, 0.0)
    assert mean_styles([]) == []

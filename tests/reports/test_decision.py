"""The decision in words, what stands beside it, and the planner."""

from __future__ import annotations

import pytest

from evalapp.reports.beside import beside_decision
from evalapp.reports.decision import decide
from evalapp.reports.estimates import Estimate, undefined
from evalapp.reports.planner import half_width, samples_for_margin, samples_to_settle, score_deviation
from evalapp.reports.usage import usage_by_system
from tests.reports.studies import LARGE, SMALL, generation_rows


@pytest.mark.parametrize(
    ("limits", "outcome", "sentence"),
    [
        ((0.51, 0.6), "enough", "small is enough: raters preferred it to large."),
        ((0.42, 0.55), "enough", "small is enough: not worse than large by more than the margin."),
        ((0.2, 0.35), "larger_needed", "large is needed: small is worse by more than the declared margin."),
        ((0.35, 0.5), "not_yet_known", "Not yet known whether small is enough in place of large."),
    ],
)
def test_decision_is_put_in_words_with_its_reasons(
    limits: tuple[float, float], outcome: str, sentence: str
) -> None:
    rate = Estimate(sum(limits) / 2, *limits, "any")
    found = decide(
        candidate=SMALL, reference=LARGE, win_rate=rate, margin=0.1, samples=50, standard_deviation=0.4
    )
    assert (found["outcome"], found["sentence"]) == (outcome, sentence)
    assert "0.4" in " ".join(found["reasons"])  # type: ignore[arg-type]
    assert (found["more_samples"] is not None) == (outcome == "not_yet_known")


def test_without_a_rate_the_decision_says_why() -> None:
    found = decide(
        candidate=SMALL,
        reference=LARGE,
        win_rate=undefined("no judgments", "any"),
        margin=0.1,
        samples=0,
        standard_deviation=None,
    )
    assert found["outcome"] == "not_yet_known"
    assert found["reasons"][-1] == "There is no win rate: no judgments."  # type: ignore[index]


def test_a_rate_at_the_threshold_cannot_be_settled_by_more_samples() -> None:
    assert samples_to_settle(rate=0.4, margin=0.1, standard_deviation=0.4, samples=50) is None
    found = decide(
        candidate=SMALL,
        reference=LARGE,
        win_rate=Estimate(0.4, 0.3, 0.5, "any"),
        margin=0.1,
        samples=50,
        standard_deviation=0.4,
    )
    assert "unlikely to settle" in found["reasons"][-1]  # type: ignore[index]


def test_further_samples_would_bring_the_limit_to_the_threshold() -> None:
    more = samples_to_settle(rate=0.47, margin=0.1, standard_deviation=0.4, samples=50)
    assert more is not None
    total = 50 + more
    assert 0.47 - 1.959964 * 0.4 / total**0.5 >= 0.4
    assert 0.47 - 1.959964 * 0.4 / (total - 1) ** 0.5 < 0.4


@pytest.mark.parametrize(("margin", "samples"), [(0.05, 550), (0.10, 138), (0.15, 62)])
def test_planner_gives_the_published_numbers_of_samples(margin: float, samples: int) -> None:
    assert samples_for_margin(margin) == samples


@pytest.mark.parametrize(("samples", "half"), [(50, 0.134), (100, 0.096), (200, 0.069), (400, 0.049)])
def test_half_width_of_a_share_of_one_half(samples: int, half: float) -> None:
    assert half_width(samples) == pytest.approx(half, abs=0.0006)


def test_planner_refuses_what_no_number_of_samples_can_show() -> None:
    with pytest.raises(ValueError, match="does not lie above"):
        samples_for_margin(0.1, true_difference=-0.1)
    with pytest.raises(ValueError, match=r"power of 0\.2"):
        samples_for_margin(0.1, power=0.2)
    with pytest.raises(ValueError, match="share of ties of 1"):
        score_deviation(1)
    with pytest.raises(ValueError, match="at least one sample"):
        half_width(0)


def test_cost_and_latency_ratios_stand_beside_a_decision() -> None:
    usage = usage_by_system(generation_rows(30), [], (SMALL, LARGE))
    beside = beside_decision(usage, SMALL, LARGE, None)
    assert beside["cost_ratio"] == pytest.approx(0.1)
    assert beside["p95_ratio"] is not None
    assert beside["p95_ratio"] < 1
    assert beside["fallback_rate"] == 0


def test_unknown_figures_leave_gaps_beside_a_decision() -> None:
    assert beside_decision([], SMALL, LARGE, "qa") == {
        "cost_ratio": None,
        "p95_ratio": None,
        "fallback_rate": None,
    }

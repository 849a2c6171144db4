"""Bradley-Terry strengths: closed form, recovery, connection, convergence."""

from __future__ import annotations

import math
import random
from itertools import combinations

import numpy as np
import pytest

from evalapp.reports.bradley_terry import bradley_terry, connected_parts, fit, iterate
from evalapp.reports.judgments import judgments_of
from evalapp.reports.rows import Choice, JudgmentRow
from tests.reports.studies import judgment


def duels(results: dict[tuple[str, str], tuple[int, int, int]]) -> list[JudgmentRow]:
    """Wins of the first, wins of the second, ties, for each pair of systems."""
    rows: list[JudgmentRow] = []
    for (first, second), counts in results.items():
        outcomes: tuple[Choice, ...] = ("a", "b", "tie")
        choices = [choice for choice, count in zip(outcomes, counts, strict=True) for _ in range(count)]
        rows += [
            judgment(len(rows) + place, 0, choice, systems=(first, second))
            for place, choice in enumerate(choices)
        ]
    return rows


def test_two_systems_differ_by_the_log_odds_of_winning() -> None:
    strengths, fitted = bradley_terry(judgments_of(duels({("x", "y"): (30, 10, 0)})), seed=1)
    assert strengths["x"]["ability"]["value"] == pytest.approx(math.log(3) / 2, abs=1e-8)  # type: ignore[index]
    assert strengths["x"]["elo"]["value"] == pytest.approx(1000 + 400 / math.log(10) * math.log(3) / 2)  # type: ignore[index]
    assert fitted["converged"] is True


def test_ties_are_half_wins() -> None:
    with_ties, _ = bradley_terry(judgments_of(duels({("x", "y"): (20, 0, 20)})), seed=1)
    without, _ = bradley_terry(judgments_of(duels({("x", "y"): (30, 10, 0)})), seed=1)
    assert with_ties["x"]["ability"]["value"] == pytest.approx(without["x"]["ability"]["value"], abs=1e-8)  # type: ignore[index]


def test_the_solution_predicts_the_observed_wins_on_unequal_data() -> None:
    wins = np.array([[0, 7, 1, 3], [2, 0, 9, 1], [5, 1, 0, 2], [1, 8, 2, 0]], dtype=float)
    found = fit(wins, ("p", "q", "r", "s"))
    assert found.abilities is not None
    strength = np.exp(found.abilities)
    predicted = (wins + wins.T) * strength[:, None] / (strength[:, None] + strength[None, :])
    np.fill_diagonal(predicted, 0)
    assert predicted.sum(axis=1) == pytest.approx(wins.sum(axis=1), abs=1e-8)
    assert found.converged
    assert found.steps > 2
    assert found.abilities.sum() == pytest.approx(0, abs=1e-12)


def test_the_iteration_says_when_it_has_not_converged() -> None:
    wins = np.array([[[0.0, 900, 3], [1, 0, 700], [2, 1, 0]]])
    _, steps, gap = iterate(wins, tolerance=1e-10, most_steps=2)
    assert steps == 2
    assert gap[0] > 1e-10


def test_known_strengths_are_recovered() -> None:
    chance = random.Random(3)
    truth = {"p": 0.9, "q": 0.2, "r": -0.3, "s": -0.8}
    results = {}
    for first, second in combinations(truth, 2):
        share = 1 / (1 + math.exp(truth[second] - truth[first]))
        wins = sum(chance.random() < share for _ in range(800))
        results[first, second] = (wins, 800 - wins, 0)
    strengths, _ = bradley_terry(judgments_of(duels(results)), seed=1)
    for system, ability in truth.items():
        found = strengths[system]["ability"]
        assert found["value"] == pytest.approx(ability, abs=0.12)  # type: ignore[index]
        assert found["low"] - 0.05 < ability < found["high"] + 0.05  # type: ignore[index]


def test_parts_without_links_in_both_directions_are_named() -> None:
    strengths, fitted = bradley_terry(
        judgments_of(duels({("p", "q"): (3, 2, 0), ("r", "s"): (1, 4, 0), ("p", "r"): (5, 0, 0)})), seed=1
    )
    assert fitted["parts"] == [["p", "q"], ["r", "s"]]
    assert strengths["p"]["ability"]["value"] is None  # type: ignore[index]
    assert "p, q; r, s" in str(fitted["reason"])


def test_a_system_that_never_lost_has_no_finite_strength() -> None:
    assert connected_parts(np.array([[0.0, 4], [0, 0]]), ("x", "y")) == (("x",), ("y",))


def test_one_system_or_none_has_no_strength() -> None:
    assert bradley_terry(judgments_of([]), seed=1) == (
        {},
        {
            "steps": 0,
            "converged": False,
            "largest_gap": 0.0,
            "parts": [],
            "reason": "two systems are needed",
        },
    )


def test_an_interval_is_withheld_when_many_resamples_have_no_estimate() -> None:
    strengths, _ = bradley_terry(judgments_of(duels({("x", "y"): (10, 1, 0)})), seed=1)
    ability = strengths["x"]["ability"]
    assert ability["value"] is not None  # type: ignore[index]
    assert ability["low"] is None  # type: ignore[index]
    assert "not linked" in ability["reason"]  # type: ignore[index]

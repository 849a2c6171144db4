"""Simulated raters: known strengths come out, through the same services as people's judgments."""

from collections import Counter
from datetime import timedelta

import pytest

from raters.invariants import violations
from raters.models import Answer, Judgment, Rater, Study
from raters.simulating import Preference, simulate_judgments
from raters.studies.errors import StateRefused
from raters.studies.protocol import OVERALL, Criterion
from tests.studies.casting import make_study

pytestmark = pytest.mark.django_db


def wins(study: Study) -> Counter[str]:
    """How often each system, or neither, was chosen."""
    counts: Counter[str] = Counter()
    for judgment in Judgment.objects.filter(study=study).select_related("seat").prefetch_related("answers"):
        choice = judgment.answers.get().choice_shown
        if choice in ("left", "right"):
            a_wins = (choice == "left") == (judgment.seat.shown_left == "a")
            counts["small" if a_wins else "large"] += 1
        else:
            counts[choice] += 1
    return counts


def test_three_simulated_raters_judge_everything_and_break_no_rule() -> None:
    criteria = (OVERALL, Criterion("tone", "Which is kinder?"))
    study = make_study(samples=15, simulated=True, criteria=criteria)
    assert simulate_judgments(study, seed=1) == 45
    assert Judgment.objects.filter(study=study, status="counted").count() == 45
    assert Answer.objects.count() == 90
    assert set(Rater.objects.values_list("simulated", flat=True)) == {True}
    assert not list(violations())


def test_the_stronger_system_wins_as_often_as_its_strength_says() -> None:
    study = make_study(samples=80, simulated=True)
    preference = Preference({"small": 0.0, "large": 1.0}, noise=0.0, tie_width=0.0, both_bad=0.0)
    simulate_judgments(study, seed=2, preference=preference)
    counts = wins(study)
    assert sum(counts.values()) == counts["small"] + counts["large"] == 240
    # 1 / (1 + e^-1) = 0.731; eighty comparisons whose votes are all equal have a standard error of 0.05.
    assert counts["large"] / 240 == pytest.approx(0.731, abs=0.15)


def test_without_noise_all_raters_agree_whatever_the_side() -> None:
    study = make_study(samples=20, simulated=True)
    simulate_judgments(study, seed=3, preference=Preference(noise=0.0, tie_width=0.0, both_bad=0.0))
    counts: dict[int, set[bool]] = {}
    for judgment in Judgment.objects.select_related("seat").prefetch_related("answers"):
        a_wins = (judgment.answers.get().choice_shown == "left") == (judgment.seat.shown_left == "a")
        counts.setdefault(judgment.seat.comparison_id, set()).add(a_wins)
    assert all(len(votes) == 1 for votes in counts.values())


def test_a_position_bias_shows_in_the_sides_and_not_in_the_systems() -> None:
    study = make_study(samples=60, simulated=True)
    simulate_judgments(study, seed=4, preference=Preference(left_bias=1.5, tie_width=0.0, both_bad=0.0))
    choices = Counter(Answer.objects.values_list("choice_shown", flat=True))
    assert choices["left"] > 1.6 * choices["right"]
    counts = wins(study)
    assert counts["small"] / 180 == pytest.approx(0.5, abs=0.2)


def test_the_same_seed_gives_the_same_judgments() -> None:
    outcomes = []
    for number in range(2):
        study = make_study(
            f"study {number}", samples=10, systems=(f"s{number}", f"l{number}"), simulated=True
        )
        simulate_judgments(study, seed=5)
        judged = Answer.objects.filter(judgment__study=study).order_by("judgment")
        outcomes.append(
            list(
                judged.values_list(
                    "judgment__rater__pseudonym",
                    "judgment__seat__comparison__position",
                    "choice_shown",
                    "judgment__comment",
                )
            )
        )
    assert outcomes[0] == outcomes[1]


def test_times_run_forward_as_if_people_had_worked_side_by_side() -> None:
    study = make_study(samples=20, simulated=True)
    begin = study.opened_at - timedelta(days=2)
    simulate_judgments(study, seed=6, begin=begin)
    for rater in Rater.objects.all():
        judgments = Judgment.objects.filter(rater=rater).order_by("pk")
        times = judgments.values_list("opened_at", "first_action_at", "submitted_at")
        flat = [moment for row in times for moment in row if moment is not None]
        assert len(flat) == 3 * judgments.count()
        assert flat == sorted(flat)
        assert flat[0] >= begin
        assert flat[-1] < study.opened_at


def test_some_judgments_can_be_left_for_later() -> None:
    study = make_study(samples=20, simulated=True)
    assert simulate_judgments(study, seed=7, most=25) == 25


def test_a_study_for_people_takes_no_simulated_raters() -> None:
    study = make_study()
    with pytest.raises(StateRefused, match="is for people"):
        simulate_judgments(study, seed=8)
    assert not Rater.objects.exists()

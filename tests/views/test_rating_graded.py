"""Graded preference and scores, from the page to ratings.csv."""

import csv
import io

import pytest

from raters.models import Answer, Judgment, Seat
from raters.reporting.protocol import protocol_of
from raters.reporting.ratings import ratings_csv
from raters.simulating import simulate_judgments
from raters.studies.protocol import DEFAULT_SCALE, Criterion
from tests.studies.casting import make_study
from tests.views.people import joined, rating_path
from tests.views.test_rating_compare import answer, lease_in

pytestmark = pytest.mark.django_db

TWO = (Criterion("overall", "Which is better?"), Criterion("tone", "Which is kinder?"))


def test_one_button_gives_choice_and_strength() -> None:
    study = make_study(graded=True)
    client, rater = joined(study)
    page = client.get(rating_path(rater))
    assert page.text.count('class="choice ') == 8
    response = client.post(rating_path(rater), answer(lease_in(page.text), "right:3"))
    assert response.status_code == 303
    stored = Answer.objects.get()
    assert (stored.choice_shown, stored.strength) == ("right", 3)


@pytest.mark.parametrize("value", ["left", "left:", "left:0", "left:4", "right:33", "up:1"])
def test_a_preference_without_a_fitting_strength_is_refused_and_the_comment_kept(value: str) -> None:
    client, rater = joined(make_study(graded=True))
    lease = lease_in(client.get(rating_path(rater)).text)
    response = client.post(rating_path(rater), answer(lease, value, comment="so far"))
    assert response.status_code == 400
    assert "so far" in response.text
    assert lease_in(response.text) == lease
    assert not Judgment.objects.exists()


def test_scores_are_mapped_to_the_systems_by_side() -> None:
    study = make_study(scale=DEFAULT_SCALE, criteria=TWO)
    client, rater = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    entered = answer(lease, "left")
    entered |= {"choice-tone": "tie", "left-overall": "5", "right-overall": "2"}
    entered |= {"left-tone": "3", "right-tone": "4"}
    assert client.post(rating_path(rater), entered).status_code == 303
    left = Seat.objects.get(state="judged").shown_left
    rows = list(csv.DictReader(io.StringIO(b"".join(ratings_csv(study.pk)).decode())))
    scores = {row["criterion"]: (row["score_a"], row["score_b"]) for row in rows}
    overall, tone = ("5", "2"), ("3", "4")
    assert scores == {
        "overall": overall if left == "a" else overall[::-1],
        "tone": tone if left == "a" else tone[::-1],
    }


@pytest.mark.parametrize("score", ["", "0", "6", "x", "10"])
def test_a_missing_or_impossible_score_comes_back_with_what_was_entered(score: str) -> None:
    client, rater = joined(make_study(scale=DEFAULT_SCALE))
    lease = lease_in(client.get(rating_path(rater)).text)
    entered = answer(lease, "tie", comment="so far") | {"left-overall": "4", "right-overall": score}
    response = client.post(rating_path(rater), entered)
    assert response.status_code == 400
    assert 'name="left-overall" value="4" required checked' in response.text
    assert 'name="choice-overall" value="tie" required checked' in response.text
    assert "so far" in response.text
    assert not Judgment.objects.exists()


def test_the_scales_labels_and_whether_it_is_graded_reach_the_reports_protocol() -> None:
    protocol = protocol_of(make_study(graded=True, scale=("bad", "good")))
    assert (protocol.graded, protocol.scale) == (True, ("bad", "good"))


def test_simulated_raters_grade_and_score() -> None:
    study = make_study(samples=12, graded=True, scale=DEFAULT_SCALE, simulated=True)
    simulate_judgments(study, seed=3)
    answers = Answer.objects.all()
    assert len(answers) == 36
    for each in answers:
        assert (each.strength is not None) == (each.choice_shown in {"left", "right"})
        assert each.score_left is not None
        assert each.score_right is not None
    assert {each.strength for each in answers} >= {1, 2}

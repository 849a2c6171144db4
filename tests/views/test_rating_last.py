"""Going back to the last comparison and changing the answer, without a script."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from raters.invariants import violations
from raters.models import Judgment, Rater
from raters.rating import correcting
from raters.studies.closing import close_study
from tests.studies.casting import make_study
from tests.views.people import joined, rating_path
from tests.views.test_rating_compare import FETCH, answer, lease_in

pytestmark = pytest.mark.django_db


def judged_one() -> tuple[Client, Rater]:
    """A rater who has said that left is slightly better, and why."""
    client, rater = joined(make_study(graded=True))
    lease = lease_in(client.get(rating_path(rater)).text)
    assert client.post(rating_path(rater), answer(lease, "left:1", comment="why")).status_code == 303
    return client, rater


def last_path(rater: Rater) -> str:
    return f"{rating_path(rater)}last/"


def test_the_last_comparison_is_shown_as_it_was_judged() -> None:
    client, rater = joined(make_study(graded=True))
    first = client.get(rating_path(rater))
    client.post(rating_path(rater), answer(lease_in(first.text), "left:1", comment="why"))
    held = client.get(rating_path(rater))
    assert last_path(rater) in held.text
    page = client.get(last_path(rater))
    assert page.status_code == 200
    assert page.context["comparison"] == first.context["comparison"]
    assert 'value="left:1" data-keys="3" aria-current="true"' in page.text
    assert page.text.count("aria-current") == 1
    assert ">why</textarea>" in page.text
    assert lease_in(client.get(rating_path(rater)).text) == lease_in(held.text)


def test_a_changed_answer_is_a_new_row_and_the_rater_is_back_at_the_pair_in_hand() -> None:
    client, rater = judged_one()
    held = lease_in(client.get(rating_path(rater)).text)
    lease = lease_in(client.get(last_path(rater)).text)
    for _ in range(2):
        response = client.post(last_path(rater), answer(lease, "right:3", revision="1"))
        assert (response.status_code, response["Location"]) == (303, rating_path(rater))
    rows = Judgment.objects.order_by("revision").values_list("revision", "answers__choice_shown", "comment")
    assert list(rows) == [(0, "left", "why"), (1, "right", "")]
    assert lease_in(client.get(rating_path(rater)).text) == held
    assert not list(violations())


def test_a_script_gets_the_pair_in_hand_as_the_answer() -> None:
    client, rater = judged_one()
    held = lease_in(client.get(rating_path(rater)).text)
    lease = lease_in(client.get(last_path(rater)).text)
    response = client.post(last_path(rater), answer(lease, "tie", revision="1"), headers=FETCH)
    assert lease_in(response.text) == held
    assert response.context["progress"].done == 1


def test_an_unfit_answer_changes_nothing_and_comes_back_as_entered() -> None:
    client, rater = judged_one()
    lease = lease_in(client.get(last_path(rater)).text)
    response = client.post(last_path(rater), answer(lease, "left:9", comment="new", revision="1"))
    assert response.status_code == 400
    assert ">new</textarea>" in response.text
    assert Judgment.objects.count() == 1


def test_before_the_first_answer_and_after_the_time_is_over_there_is_nothing_to_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fresh, newcomer = joined(make_study("another", systems=("x", "y")))
    client, rater = judged_one()
    lease = lease_in(client.get(last_path(rater)).text)
    monkeypatch.setattr(correcting, "WINDOW", timedelta(seconds=-1))
    for response in (
        fresh.get(last_path(newcomer)),
        client.get(last_path(rater)),
        client.post(last_path(rater), answer(lease, "tie")),
    ):
        assert response.status_code == 409
        assert "No answer can be changed now" in response.text
        assert rating_path(newcomer) in response.text or rating_path(rater) in response.text
    assert Judgment.objects.count() == 1


def test_a_closed_study_says_that_it_is_closed() -> None:
    client, rater = judged_one()
    lease = lease_in(client.get(last_path(rater)).text)
    close_study(rater.study, actor="olga", now=timezone.now())
    for response in (client.get(last_path(rater)), client.post(last_path(rater), answer(lease, "tie"))):
        assert response.status_code == 409
        assert "This study is closed" in response.text


def test_somebody_elses_last_comparison_is_not_found() -> None:
    _, rater = judged_one()
    assert Client().get(last_path(rater)).status_code == 404

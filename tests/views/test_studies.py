"""Organisers' pages of studies."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from raters.models import Rater
from raters.people.inviting import add_rater
from tests.studies.casting import (
    NOON,
    judge_everything,
    make_raters,
    make_study,
)
from tests.views.people import joined, rating_path, signed_in
from tests.views.study_pages import path

pytestmark = pytest.mark.django_db


def test_the_list_of_no_study_says_what_a_study_needs(olga: Client) -> None:
    page = olga.get(reverse("studies:list"))
    assert page.status_code == 200
    assert "No study yet" in page.text


def test_the_list_takes_the_same_queries_for_one_study_and_for_three(olga: Client) -> None:
    counts = []
    for names in (("one",), ("two", "three")):
        for name in names:
            make_study(name, samples=2, systems=(f"{name} s", f"{name} l"))
        with CaptureQueriesContext(connection) as queries:
            page = olga.get(reverse("studies:list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    for name in ("one", "two", "three"):
        assert f">{name}</a>" in page.text
    assert "0 of 6" in page.text


def test_a_researcher_sees_the_list_and_nothing_to_open_or_change() -> None:
    study = make_study()
    client = signed_in("rosa", "researcher")
    page = client.get(reverse("studies:list"))
    assert page.status_code == 200
    assert f'href="{path(study)}"' not in page.text
    assert reverse("studies:new") not in page.text
    for name in ("detail", "invite", "close"):
        assert client.get(path(study, name)).status_code == 404
    for name in ("pause", "resume", "close", "invite"):
        assert client.post(path(study, name)).status_code == 404
    assert client.get(reverse("studies:new")).status_code == 404


def test_who_is_signed_out_is_asked_to_sign_in() -> None:
    study = make_study()
    for address in (reverse("studies:list"), reverse("studies:new"), path(study), path(study, "close")):
        response = Client().get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("sign-in"))


def test_a_study_that_does_not_exist_is_not_found(olga: Client) -> None:
    assert olga.get(reverse("studies:detail", args=[99])).status_code == 404


# Opening


def test_the_page_of_a_study_shows_progress_people_links_settings_and_log(olga: Client) -> None:
    study = make_study("Tones", samples=3)
    _, rater = joined(study)
    judge_everything([rater])
    page = olga.get(path(study))
    assert page.status_code == 200
    assert (page.context["seats"].judged, page.context["seats"].open) == (3, 6)
    for words in ("R1", "small, large", "3 of 9", "opened", "joined", "used"):
        assert words in page.text


def test_the_page_says_how_many_raters_are_wanting(olga: Client) -> None:
    study = make_study(samples=4)
    assert "4 comparisons need 3 more raters" in olga.get(path(study)).text
    make_raters(study, 2)
    assert "4 comparisons need 1 more rater:" in olga.get(path(study)).text
    make_raters(study, 1)
    assert "more rater" not in olga.get(path(study)).text
    Rater.objects.filter(study=study, pseudonym="R1").update(state="left")
    assert "4 comparisons need 1 more rater:" in olga.get(path(study)).text


def test_the_page_takes_the_same_queries_for_one_rater_and_for_three(olga: Client) -> None:
    study = make_study(samples=2)
    counts = []
    for _ in range(2):
        joined(study)
        add_rater(study, now=NOON)
        with CaptureQueriesContext(connection) as queries:
            olga.get(path(study))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_no_result_is_on_any_page_of_an_open_study(olga: Client) -> None:
    study = make_study(samples=3)
    judge_everything(make_raters(study, 3))
    for name in ("detail", "invite", "close"):
        page = olga.get(path(study, name)).text.lower()
        assert not [word for word in ("win rate", "majority", "prefer", "votes", "%") if word in page]


def test_pausing_and_resuming(olga: Client) -> None:
    study = make_study()
    browser, rater = joined(study)
    assert olga.get(path(study, "pause")).status_code == 405
    assert olga.post(path(study, "pause"))["Location"] == path(study)
    assert "This study is paused" in browser.get(rating_path(rater)).text
    assert "cannot be paused now" in olga.post(path(study, "pause"), follow=True).text
    olga.post(path(study, "resume"))
    assert "This study is paused" not in browser.get(rating_path(rater)).text
    assert "cannot be resumed now" in olga.post(path(study, "resume"), follow=True).text
    assert [event.action for event in study.events.all()] == [
        "opened",
        "invited",
        "joined",
        "paused",
        "resumed",
    ]


def test_closing_asks_first_and_is_final(olga: Client) -> None:
    study = make_study(samples=2)
    asked = olga.get(path(study, "close"))
    assert "Take no more judgments?" in asked.text
    assert "0 of 6 judgments" in asked.text
    study.refresh_from_db()
    assert study.state == "open"
    page = olga.post(path(study, "close"), follow=True)
    assert "The study is closed" in page.text
    study.refresh_from_db()
    assert study.state == "closed"
    assert "cannot be closed now" in olga.post(path(study, "close"), follow=True).text

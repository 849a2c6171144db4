"""Invitation links: what they show, change and refuse."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from raters.models import Invitation, Rater, RaterCursor
from raters.people.inviting import invite, reissue, revoke
from raters.studies.closing import close_study
from tests.studies.casting import NOON, make_study
from tests.views.people import invitation_paths, joined, rating_path

pytestmark = pytest.mark.django_db


def test_opening_a_link_changes_nothing() -> None:
    (path,) = invitation_paths(make_study())
    for _ in range(3):
        response = Client().get(path)
        assert response.status_code == 200
        assert response["Cache-Control"] == "no-store"
        assert "Start" in response.text
    assert Client().head(path).status_code == 200
    assert not Rater.objects.exists()
    assert Invitation.objects.get().used_at is None


def test_starting_makes_a_rater_with_a_cursor_and_leads_to_the_page() -> None:
    study = make_study()
    (path,) = invitation_paths(study)
    client = Client()
    response = client.post(path)
    rater = Rater.objects.get()
    assert (response.status_code, response["Location"]) == (302, rating_path(rater))
    assert (rater.pseudonym, rater.study, rater.simulated) == ("R1", study, False)
    assert RaterCursor.objects.get().rater == rater
    assert Invitation.objects.get().rater == rater
    assert client.get(rating_path(rater)).status_code == 200


def test_starting_needs_the_forms_own_token() -> None:
    (path,) = invitation_paths(make_study())
    assert Client(enforce_csrf_checks=True).post(path).status_code == 403
    assert not Rater.objects.exists()


def test_joining_gives_the_session_a_new_key() -> None:
    client = Client()
    study = make_study()
    joined(study, client)
    before = client.cookies["sessionid"].value
    joined(study, client)
    assert client.cookies["sessionid"].value != before


def test_the_browser_that_joined_goes_straight_on() -> None:
    study = make_study()
    (path,) = invitation_paths(study)
    client = Client()
    client.post(path)
    rater = Rater.objects.get()
    for response in (client.get(path), client.post(path)):
        assert (response.status_code, response["Location"]) == (302, rating_path(rater))
    assert Rater.objects.count() == 1


def test_three_links_opened_in_one_browser_all_keep_working() -> None:
    study = make_study()
    client = Client()
    raters = [joined(study, client)[1] for _ in range(3)]
    assert [rater.pseudonym for rater in raters] == ["R1", "R2", "R3"]
    for rater in raters:
        assert client.get(rating_path(rater)).status_code == 200


def test_a_used_link_says_so_in_another_browser() -> None:
    (path,) = invitation_paths(make_study())
    Client().post(path)
    for response in (Client().get(path), Client().post(path)):
        assert response.status_code == 410
        assert "This link has been used" in response.text
        assert "Ask the person who invited you" in response.text or "ask the person" in response.text
    assert Rater.objects.count() == 1


def test_an_expired_link_says_so() -> None:
    issued = invite(make_study(), count=1, actor="olga", now=timezone.now() - timedelta(days=15))
    response = Client().get(f"/join/{issued[0].token}/")
    assert response.status_code == 410
    assert "This link has expired" in response.text


def test_a_withdrawn_link_says_so() -> None:
    issued = invite(make_study(), count=1, actor="olga", now=timezone.now())[0]
    assert revoke(issued.invitation, actor="olga", now=timezone.now())
    assert not revoke(issued.invitation, actor="olga", now=timezone.now())
    response = Client().post(f"/join/{issued.token}/")
    assert response.status_code == 410
    assert "This link was withdrawn" in response.text


def test_a_link_into_a_closed_study_says_so() -> None:
    study = make_study()
    (path,) = invitation_paths(study)
    close_study(study, actor="olga", now=NOON)
    for response in (Client().get(path), Client().post(path)):
        assert response.status_code == 410
        assert "This study is closed" in response.text
    assert not Rater.objects.exists()


def test_an_unknown_link_is_not_found() -> None:
    response = Client().get("/join/nothing-of-ours/")
    assert response.status_code == 404
    assert "This link is not known" in response.text


def test_a_reissued_link_leads_to_the_same_rater_and_withdraws_the_one_before() -> None:
    study = make_study()
    _, rater = joined(study)
    first = reissue(rater, actor="olga", now=timezone.now())
    second = reissue(rater, actor="olga", now=timezone.now())
    client = Client()
    assert client.get(f"/join/{first.token}/").status_code == 410
    response = client.post(f"/join/{second.token}/")
    assert (response.status_code, response["Location"]) == (302, rating_path(rater))
    assert client.get(rating_path(rater)).status_code == 200
    assert Rater.objects.count() == 1


def test_only_a_hash_of_a_link_is_stored() -> None:
    (path,) = invitation_paths(make_study())
    token = path.split("/")[2]
    assert len(token) == 22
    assert token not in str(Invitation.objects.values().get())


def test_the_page_of_an_invitation_does_not_name_the_study() -> None:
    (path,) = invitation_paths(make_study("CANARYSTUDY"))
    assert "CANARY" not in Client().get(path).text

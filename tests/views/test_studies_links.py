"""The links of a study: made, shown once, replaced and withdrawn."""

import pytest
from django.test import Client

from raters.models import Invitation
from raters.studies.closing import close_study
from tests.studies.casting import (
    NOON,
    make_study,
)
from tests.views.people import joined, rating_path
from tests.views.study_pages import path

pytestmark = pytest.mark.django_db


def test_links_are_shown_once_and_let_raters_in(olga: Client) -> None:
    study = make_study()
    page = olga.post(path(study, "invite"), {"count": 2, "days": 7})
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    addresses = [link.address for link in page.context["links"]]
    assert len(addresses) == 2
    for address in addresses:
        assert address.startswith("http://testserver/join/")
        assert address in page.text
        assert Client().post(address.removeprefix("http://testserver")).status_code == 302
    assert addresses[0].split("/")[-2] not in olga.get(path(study)).text


@pytest.mark.parametrize(
    "form", [{"count": 0, "days": 7}, {"count": 501, "days": 7}, {"count": 1, "days": 0}, {}]
)
def test_a_senseless_number_of_links_is_refused(olga: Client, form: dict[str, int]) -> None:
    page = olga.post(path(make_study(), "invite"), form)
    assert page.status_code == 422
    assert not Invitation.objects.exists()


def test_nobody_is_invited_to_a_closed_study(olga: Client) -> None:
    study = make_study()
    close_study(study, actor="olga", now=NOON)
    assert (
        "nobody can be invited" in olga.post(path(study, "invite"), {"count": 1, "days": 7}, follow=True).text
    )
    assert not Invitation.objects.exists()


def test_nobody_is_invited_to_a_simulated_study(olga: Client) -> None:
    study = make_study(simulated=True)
    page = olga.post(path(study, "invite"), {"count": 1, "days": 7}, follow=True)
    assert "judged by simulated raters only" in page.text


def test_a_rater_gets_a_new_link(olga: Client) -> None:
    study = make_study()
    _, rater = joined(study)
    page = olga.post(path(study, "reissue", rater.pk))
    (link,) = page.context["links"]
    assert link.label == "the link of R1"
    browser = Client()
    assert browser.post(link.address.removeprefix("http://testserver"))["Location"] == rating_path(rater)


def test_a_rater_of_another_study_is_not_found(olga: Client) -> None:
    here, there = make_study("here"), make_study("there", systems=("x", "y"))
    _, rater = joined(there)
    invitation = Invitation.objects.get()
    assert olga.post(path(here, "reissue", rater.pk)).status_code == 404
    assert olga.post(path(here, "withdraw", invitation.pk)).status_code == 404


def test_a_link_that_was_not_used_can_be_withdrawn(olga: Client) -> None:
    study = make_study()
    link = olga.post(path(study, "invite"), {"count": 1, "days": 7}).context["links"][0]
    invitation = Invitation.objects.get()
    assert "The link is withdrawn." in olga.post(path(study, "withdraw", invitation.pk), follow=True).text
    assert "used or withdrawn already" in olga.post(path(study, "withdraw", invitation.pk), follow=True).text
    assert Client().get(link.address.removeprefix("http://testserver")).status_code == 410

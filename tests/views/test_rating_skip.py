"""Skipping from the rater's page, with and without a script, and what the organiser sees of it."""

import pytest
from django.test import Client

from raters.models import Judgment, Skip
from tests.studies.casting import make_study
from tests.views.people import joined, rating_path, signed_in
from tests.views.test_rating_compare import FETCH, lease_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("script", [False, True])
def test_a_skip_leads_to_the_next_comparison_and_counts_nothing(script: bool) -> None:
    client, rater = joined(make_study())
    path = rating_path(rater)
    page = client.get(path)
    assert f'formaction="{path}skip/"' in page.text
    lease = lease_in(page.text)
    entered = {"lease_token": lease, "skip": "unclear", "comment": "what is asked?"}
    response = client.post(f"{path}skip/", entered, headers=FETCH if script else None)
    if not script:
        assert (response.status_code, response["Location"]) == (303, path)
        response = client.get(path)
    assert lease_in(response.text) != lease
    assert response.context["progress"].done == 0
    assert Skip.objects.values_list("reason", "note").get() == ("unclear", "what is asked?")
    assert not Judgment.objects.exists()


def test_a_skip_without_a_reason_comes_back_with_what_was_entered() -> None:
    client, rater = joined(make_study())
    path = rating_path(rater)
    lease = lease_in(client.get(path).text)
    response = client.post(f"{path}skip/", {"lease_token": lease, "comment": "so far"})
    assert response.status_code == 400
    assert "so far" in response.text
    assert lease_in(response.text) == lease


def test_looking_at_the_address_skips_nothing_and_strangers_find_nothing() -> None:
    client, rater = joined(make_study())
    assert client.get(f"{rating_path(rater)}skip/").status_code == 405
    assert Client().post(f"{rating_path(rater)}skip/", {"skip": "unclear"}).status_code == 404
    foreign = client.post(f"{rating_path(rater)}skip/", {"skip": "unclear", "lease_token": "x"})
    assert foreign.status_code == 409
    assert not Skip.objects.exists()


def test_the_organiser_sees_reasons_and_reports() -> None:
    study = make_study()
    client, rater = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    entered = {"lease_token": lease, "skip": "offensive", "comment": "<b>rude</b>"}
    client.post(f"{rating_path(rater)}skip/", entered)
    page = signed_in().get(f"/studies/{study.pk}/").text
    assert "Skipped by raters" in page
    assert "Problem: offensive or harmful" in page
    assert "&lt;b&gt;rude&lt;/b&gt;" in page

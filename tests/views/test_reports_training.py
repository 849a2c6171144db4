"""The outputs that raters preferred can be downloaded once a study is closed, by who may read its results."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from tests.distilling.test_preferred import VOTES, judged
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


def test_a_closed_study_offers_its_preferred_outputs() -> None:
    study = judged(VOTES)
    address = reverse("reports:training", args=[study.pk])
    rosa = signed_in("rosa", "researcher")
    assert (
        f'href="{address}"'
        in rosa.get(reverse("reports:detail", args=[study.pk]), follow=True).content.decode()
    )
    response = rosa.get(address)
    assert response.headers["Content-Disposition"] == 'attachment; filename="study-training.zip"'
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert len(archive.read("preferences.jsonl").decode().split("\n")) == 4
    assert Client().get(address).status_code == 302
    assert rosa.get(reverse("reports:training", args=[999])).status_code == 404


def test_an_open_study_gives_none_even_to_who_has_opened_its_results() -> None:
    study = judged(VOTES, closed=False)
    address = reverse("reports:training", args=[study.pk])
    olga = signed_in()
    assert olga.get(address).status_code == 404
    olga.post(reverse("reports:unseal", args=[study.pk]))
    assert olga.get(address).status_code == 404
    assert address not in olga.get(reverse("reports:detail", args=[study.pk])).content.decode()

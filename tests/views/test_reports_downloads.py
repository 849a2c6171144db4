"""Downloads of a study's results."""

import io
import zipfile

import pytest
from django.test import Client
from django.urls import reverse

from evalapp.models import Account
from raters.models import ReportFile
from raters.reporting.ratings import ratings_csv
from tests.reporting.studies import Said, StudyCast, open_study, organiser, researcher

pytestmark = pytest.mark.django_db
NAMES = {
    "ratings": ("ratings.csv", "text/csv; charset=utf-8"),
    "votes": ("votes.csv", "text/csv; charset=utf-8"),
    "raters": ("raters.csv", "text/csv; charset=utf-8"),
    "json": ("report.json", "application/json"),
    "html": ("report.html", "text/html; charset=utf-8"),
    "bundle": ("bundle.zip", "application/zip"),
}


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def closed() -> StudyCast:
    cast = open_study("Größe; “quoted”\r\nstudy")
    cast.judge_all()
    cast.judge(0, 0, "left", rater=1, status="surplus", said=Said('žlutá,\n"kůň" \u2028 🐎'))
    cast.close()
    return cast


def fetched(client: Client, name: str, cast: StudyCast) -> tuple[bytes, str, str]:
    response = client.get(reverse(f"reports:{name}", args=[cast.study.pk]))
    assert response.status_code == 200
    content = response.getvalue() if response.streaming else response.content
    return content, response["Content-Type"], response["Content-Disposition"]


@pytest.mark.parametrize("name", NAMES)
def test_each_file_comes_under_a_safe_name_with_its_type(closed: StudyCast, name: str) -> None:
    _, content_type, disposition = fetched(signed_in(researcher()), name, closed)
    file, expected_type = NAMES[name]
    assert content_type == expected_type
    assert disposition == f'attachment; filename="groe-quoted-study-{file}"'


def test_ratings_are_the_bytes_of_the_database_streamed(closed: StudyCast) -> None:
    client = signed_in(researcher())
    response = client.get(reverse("reports:ratings", args=[closed.study.pk]))
    assert response.streaming
    assert response.getvalue() == b"".join(ratings_csv(closed.study.pk))
    assert 'žlutá,\n""kůň"" \u2028 🐎'.encode() in b"".join(ratings_csv(closed.study.pk))


def test_the_files_are_those_of_the_bundle(closed: StudyCast) -> None:
    client = signed_in(researcher())
    content, _, _ = fetched(client, "bundle", closed)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in ("ratings", "votes", "raters", "json", "html"):
            assert fetched(client, name, closed)[0] == archive.read(NAMES[name][0]), name


def test_figures_on_the_page_are_those_of_the_downloaded_report(closed: StudyCast) -> None:
    client = signed_in(researcher())
    client.get(reverse("reports:detail", args=[closed.study.pk]))
    stored = ReportFile.objects.get(report=closed.study.pk, name="report.json")
    assert fetched(client, "json", closed)[0] == bytes(stored.content)


@pytest.mark.parametrize("name", NAMES)
def test_sealed_results_cannot_be_downloaded(name: str) -> None:
    cast = open_study()
    cast.judge(0, 0, "left")
    address = reverse(f"reports:{name}", args=[cast.study.pk])
    for account in (organiser(), researcher()):
        assert signed_in(account).get(address).status_code == 404


def test_simulated_files_say_so_in_their_name() -> None:
    cast = open_study("Trial", simulated=True)
    cast.close()
    client = signed_in(organiser())
    for name, (file, _) in NAMES.items():
        assert fetched(client, name, cast)[2] == f'attachment; filename="simulated-trial-{file}"'

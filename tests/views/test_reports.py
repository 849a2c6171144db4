"""The pages of results, as organisers and researchers see them."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from evalapp.models import Account
from raters.models import AuditEvent, StoredReport
from raters.reporting import queueing
from raters.reporting.building import ReportFailed
from raters.tasks import build_report
from tests.reporting.studies import StudyCast, open_study, organiser, researcher

pytestmark = pytest.mark.django_db


def signed_in(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def olga() -> Client:
    return signed_in(organiser())


@pytest.fixture
def rosa() -> Client:
    return signed_in(researcher())


@pytest.fixture
def closed() -> StudyCast:
    cast = open_study("Finished study")
    cast.judge_all()
    cast.close()
    return cast


@pytest.fixture
def open_one() -> StudyCast:
    cast = open_study("Running study")
    cast.judge(0, 0, "left")
    return cast


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    numbers: list[int] = []
    monkeypatch.setattr(build_report, "delay", numbers.append)
    return numbers


def page(cast: StudyCast) -> str:
    return reverse("reports:detail", args=[cast.study.pk])


def test_the_list_leads_to_reports_and_tells_sealed_ones(
    rosa: Client, closed: StudyCast, open_one: StudyCast
) -> None:
    content = rosa.get(reverse("reports:list")).content.decode()
    assert content.index("Running study") < content.index("Finished study")
    assert f'<a href="{page(closed)}">Finished study</a>' in content
    assert f'<a href="{page(open_one)}">Running study</a>' in content
    assert content.count("to be read") == content.count("sealed</span>") == 1
    assert "12 of 12" in content
    assert "1 of 12" in content


def test_the_list_is_empty_before_the_first_study(rosa: Client) -> None:
    assert "No study yet" in rosa.get(reverse("reports:list")).content.decode()


def test_the_list_takes_as_many_queries_for_three_studies_as_for_one(
    rosa: Client, django_assert_num_queries: DjangoAssertNumQueries, closed: StudyCast
) -> None:
    with django_assert_num_queries(4):
        rosa.get(reverse("reports:list"))
    open_study("Two")
    open_study("Three")
    with django_assert_num_queries(4):
        rosa.get(reverse("reports:list"))


def test_a_closed_study_shows_its_report_and_downloads(rosa: Client, closed: StudyCast) -> None:
    response = rosa.get(page(closed))
    content = response.content.decode()
    assert response.status_code == 200
    stored = StoredReport.objects.get(study=closed.study)
    assert stored.html in content
    for name in ("bundle", "ratings", "votes", "raters", "html", "json"):
        assert f'href="{reverse(f"reports:{name}", args=[closed.study.pk])}"' in content
    assert "hx-get" not in content


@pytest.mark.parametrize("samples", [2, 12])
def test_the_page_takes_the_same_few_queries_whatever_the_size(
    rosa: Client, django_assert_num_queries: DjangoAssertNumQueries, samples: int
) -> None:
    cast = open_study(samples=samples)
    cast.judge_all()
    cast.close()
    rosa.get(page(cast))
    with django_assert_num_queries(8):
        rosa.get(page(cast))


def test_a_sealed_study_shows_progress_and_nothing_of_its_results(
    rosa: Client, olga: Client, open_one: StudyCast
) -> None:
    for client in (rosa, olga):
        content = client.get(page(open_one)).content.decode()
        assert "sealed until it is closed" in content
        assert "1 of 12 judgments, given by 1 rater." in content
        assert "win rate" not in content.lower()
        assert "large, with a comma" not in content
    assert not StoredReport.objects.exists()


def test_only_the_organiser_is_offered_to_open_results_early(
    rosa: Client, olga: Client, open_one: StudyCast
) -> None:
    address = reverse("reports:unseal", args=[open_one.study.pk])
    assert address in olga.get(page(open_one)).content.decode()
    assert address not in rosa.get(page(open_one)).content.decode()
    assert rosa.post(address).status_code == 404
    assert olga.get(address).status_code == 405
    assert AuditEvent.objects.filter(study=open_one.study).count() == 1


def test_opening_early_is_logged_and_printed_and_for_organisers_only(
    rosa: Client, olga: Client, open_one: StudyCast
) -> None:
    response = olga.post(reverse("reports:unseal", args=[open_one.study.pk]), follow=True)
    content = response.content.decode()
    assert response.redirect_chain == [(page(open_one), 302)]
    assert "The results are open" in content
    assert "before the study was closed" in content
    assert AuditEvent.objects.get(study=open_one.study, action="results opened early").actor == "olga"
    report = olga.get(reverse("reports:json", args=[open_one.study.pk])).json()
    assert report["protocol"]["unsealed_early_at"] is not None
    assert "sealed until it is closed" in rosa.get(page(open_one)).content.decode()


def test_a_simulated_study_says_so_on_every_page(rosa: Client) -> None:
    cast = open_study("A game", simulated=True)
    assert "Simulated raters" in rosa.get(page(cast)).content.decode()
    assert "simulated" in rosa.get(reverse("reports:list")).content.decode()
    cast.judge_all()
    cast.close()
    assert rosa.get(page(cast)).content.decode().count("Simulated raters") == 1


def test_a_large_report_is_computed_by_a_worker_and_the_page_waits_for_it(
    rosa: Client, closed: StudyCast, announced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "MOST_ROWS_AT_ONCE", 0)
    content = rosa.get(page(closed)).content.decode()
    assert "The report is being computed" in content
    assert f'hx-get="{page(closed)}"' in content
    assert announced == [closed.study.pk]
    waiting = rosa.get(page(closed), headers={"HX-Request": "true"})
    assert waiting.content.decode().lstrip().startswith("<section")
    assert announced == [closed.study.pk]
    assert rosa.get(reverse("reports:json", args=[closed.study.pk])).status_code == 503
    build_report(closed.study.pk)
    assert rosa.get(page(closed), headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert "The report is being computed" not in rosa.get(page(closed)).content.decode()


def test_an_outdated_large_report_stays_readable_while_the_new_one_is_made(
    olga: Client, closed: StudyCast, announced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    olga.get(page(closed))
    monkeypatch.setattr(queueing, "MOST_ROWS_AT_ONCE", 0)
    closed.judge(0, 0, "left", rater=1, status="surplus")
    content = olga.get(page(closed)).content.decode()
    assert "being brought up to date" in content
    assert StoredReport.objects.get(study=closed.study).html in content
    assert announced == [closed.study.pk]


def test_a_report_that_cannot_be_computed_says_why_and_can_be_tried_again(
    rosa: Client,
    olga: Client,
    closed: StudyCast,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_study_id: int, _progress: object) -> object:
        raise OSError("No space left on device")

    monkeypatch.setattr("raters.reporting.building.compute", broken)
    response = rosa.get(page(closed))
    assert response.status_code == 200
    assert "OSError: No space left on device" in response.content.decode()
    again = reverse("reports:rebuild", args=[closed.study.pk])
    assert again not in response.content.decode()
    assert again in olga.get(page(closed)).content.decode()
    olga.post(again)
    assert any(record.exc_info and record.exc_info[0] is ReportFailed for record in caplog.records)
    monkeypatch.undo()
    assert rosa.post(again).status_code == 404
    assert "could not be computed" not in olga.post(again, follow=True).content.decode()


def test_a_study_that_nobody_judged_has_a_report(rosa: Client) -> None:
    cast = open_study()
    cast.close()
    assert rosa.get(page(cast)).status_code == 200


def test_a_missing_study_is_404(olga: Client) -> None:
    for name in ("detail", "ratings", "votes", "raters", "json", "html", "bundle"):
        assert olga.get(reverse(f"reports:{name}", args=[999])).status_code == 404
    for name in ("unseal", "rebuild"):
        assert olga.post(reverse(f"reports:{name}", args=[999])).status_code == 404


def test_a_stranger_is_asked_to_sign_in(closed: StudyCast) -> None:
    response = Client().get(page(closed))
    assert response.status_code == 302
    assert "next=" in response["Location"]

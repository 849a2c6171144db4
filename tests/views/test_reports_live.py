"""Reports through the real web server, a real worker and a real browser."""

import io
import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from evalapp.reports.verification import verify
from raters.models import StoredReport
from raters.models.reports import ReportState
from raters.reporting.queueing import queue
from raters.reporting.ratings import ratings_csv
from raters.tasks import announce_report
from tests.reporting.studies import StudyCast, open_study, researcher


@pytest.fixture
def cast(live_stack: str) -> StudyCast:
    made = open_study(samples=6)
    made.judge_all()
    made.close()
    return made


@pytest.fixture
def reader(page: Page, live_stack: str) -> Page:
    """A browser in which a researcher is signed in."""
    client = Client()
    client.force_login(researcher(), backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_stack}]
    )
    return page


def test_the_page_turns_into_the_report_when_a_worker_has_computed_it(
    reader: Page, cast: StudyCast, live_stack: str
) -> None:
    complaints: list[str] = []
    reader.on("console", lambda message: complaints.append(message.text))
    queue(cast.study.pk)
    reader.goto(live_stack + reverse("reports:detail", args=[cast.study.pk]))
    expect(reader.get_by_role("heading", name="The report is being computed")).to_be_visible()
    announce_report(cast.study.pk)
    expect(reader.get_by_role("heading", name="Downloads")).to_be_visible(timeout=60_000)
    assert StoredReport.objects.get(study=cast.study).state == ReportState.READY
    assert complaints == []


def test_nothing_leaves_this_site_and_nothing_overflows_on_a_phone(
    reader: Page, cast: StudyCast, live_stack: str
) -> None:
    hosts: set[str] = set()
    reader.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    reader.set_viewport_size({"width": 390, "height": 844})
    for address in (reverse("reports:list"), reverse("reports:detail", args=[cast.study.pk])):
        reader.goto(live_stack + address)
        assert reader.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert hosts == {urlsplit(live_stack).netloc}


def test_what_a_browser_downloads_is_what_the_database_holds(
    reader: Page, cast: StudyCast, live_stack: str, tmp_path: Path
) -> None:
    reader.goto(live_stack + reverse("reports:detail", args=[cast.study.pk]))
    with reader.expect_download() as started:
        reader.get_by_role("link", name="ratings.csv").click()
    assert started.value.suggested_filename == "small-against-large-ratings.csv"
    assert started.value.path().read_bytes() == b"".join(ratings_csv(cast.study.pk))
    with reader.expect_download() as started:
        reader.get_by_role("link", name="bundle.zip").click()
    bundle = tmp_path / "bundle.zip"
    started.value.save_as(bundle)
    assert verify(bundle, tmp_path / "again").holds
    with zipfile.ZipFile(io.BytesIO(bundle.read_bytes())) as archive:
        shown = archive.read("report.json")
    assert (tmp_path / "again" / "report.json").read_bytes() == shown

"""Computing a report and keeping it, so that it is computed once for the same rows."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from evalapp.reports.canonical import Report
from evalapp.reports.html import render_body
from raters.models import ReportFile, StoredReport
from raters.models.reports import ReportState
from raters.reporting.sources import write_sources

#: Takes a share in percent and what is being done.
Progress = Callable[[int, str], None]


class ReportFailed(Exception):
    """Raised when a report could not be computed. Trying again helps once what stood in the way is gone."""


@dataclass(frozen=True, slots=True)
class Built:
    """A report as computed: the bundle's files that are not rows, and the part of the page that shows it."""

    input_checksum: str
    files: Mapping[str, bytes]
    html: str


def build(study_id: int, *, clock: Callable[[], datetime], progress: Progress) -> StoredReport:
    """Compute the report of a study and keep it. Raises ReportFailed, after keeping why."""
    try:
        built = compute(study_id, progress)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        fail(study_id, reason)
        raise ReportFailed(reason) from error
    return keep(study_id, built, now=clock())


def compute(study_id: int, progress: Progress) -> Built:
    """The report of the study's rows as one snapshot shows them."""
    # The numerical packages are loaded by who computes, not by every process that shows a page.
    from evalapp.reports.bundle import computed_files, read_rows

    with tempfile.TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        progress(5, "Reading the judgments")
        checksum = write_sources(study_id, folder)
        progress(20, "Computing the figures and drawing the charts")
        files = computed_files(read_rows(folder))
    progress(90, "Laying out the page")
    html = render_body(Report.from_json(files["report.json"]))
    return Built(checksum, files, html)


@transaction.atomic
def keep(study_id: int, built: Built, *, now: datetime) -> StoredReport:
    """Store a computed report in place of the one before."""
    report, _ = StoredReport.objects.update_or_create(
        study_id=study_id,
        defaults={
            "input_checksum": built.input_checksum,
            "state": ReportState.READY,
            "progress": 100,
            "stage": "",
            "message": "",
            "builds": 0,
            "lease_until": None,
            "built_at": now,
            "html": built.html,
        },
    )
    ReportFile.objects.filter(report=report).delete()
    ReportFile.objects.bulk_create(
        ReportFile(report=report, name=name, content=content) for name, content in built.files.items()
    )
    return report


def fail(study_id: int, message: str) -> StoredReport:
    """Keep why a report could not be computed; the one before stays."""
    report, _ = StoredReport.objects.update_or_create(
        study_id=study_id,
        defaults={"state": ReportState.FAILED, "message": message, "stage": "", "lease_until": None},
    )
    return report

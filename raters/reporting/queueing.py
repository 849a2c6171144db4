"""Which reports are computed while their reader waits, which by a worker, and how a worker takes one.

The row is the queue: a message that is lost, late or doubled changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q

from raters.models import StoredReport, Study
from raters.models.reports import MOST_BUILDS, ReportState
from raters.reporting.building import build
from raters.reporting.checksum import input_checksum
from raters.reporting.queries import row_count

#: Up to this many rows a report is computed while its reader waits; beyond, by a worker.
MOST_ROWS_AT_ONCE = 2_000
#: A build that shows no progress for this long is taken for dead.
LEASE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a study's report, and whether the workers are still to be told that it waits."""

    report: StoredReport
    unannounced: bool = False


def standing(study: Study, *, clock: Callable[[], datetime]) -> Standing:
    """The report that fits the study's rows now; a small one is computed here, a large one queued.

    Raises ReportFailed when a small one cannot be computed.
    """
    kept = StoredReport.objects.filter(study=study).first()
    if kept is not None and (kept.state == ReportState.FAILED or kept.is_underway):
        return Standing(kept)
    if kept is not None and kept.input_checksum == input_checksum(study):
        return Standing(kept)
    return again(study, clock=clock)


def again(study: Study, *, clock: Callable[[], datetime]) -> Standing:
    """Compute the report whatever is kept, or queue it when it is large. Raises ReportFailed."""
    if row_count(study) <= MOST_ROWS_AT_ONCE:
        return Standing(build(study.pk, clock=clock, progress=lambda _share, _stage: None))
    return Standing(queue(study.pk), unannounced=True)


def queue(study_id: int) -> StoredReport:
    """Ask for a build by a worker. A build that waits or runs already is left alone."""
    report, _ = StoredReport.objects.get_or_create(study_id=study_id)
    StoredReport.objects.filter(study_id=study_id, state__in=[ReportState.READY, ReportState.FAILED]).update(
        state=ReportState.QUEUED, progress=0, stage="", message="", builds=0
    )
    report.refresh_from_db()
    return report


def waiting(*, now: datetime) -> list[int]:
    """The studies whose report waits for a worker, or lost the one it had; the hopeless are marked failed."""
    lost = Q(state=ReportState.BUILDING, lease_until__lt=now)
    StoredReport.objects.filter(lost, builds=MOST_BUILDS).update(
        state=ReportState.FAILED,
        lease_until=None,
        message=f"The computation began {MOST_BUILDS} times and never ended; the worker may lack memory.",
    )
    found = StoredReport.objects.filter(lost | Q(state=ReportState.QUEUED))
    return list(found.order_by("study_id").values_list("study_id", flat=True))


def claim(study_id: int, *, now: datetime) -> bool:
    """Take a waiting build. False when someone else has it, or nothing waits: the message came twice."""
    free = Q(state=ReportState.QUEUED) | Q(state=ReportState.BUILDING, lease_until__lt=now)
    taken = StoredReport.objects.filter(free, study_id=study_id, builds__lt=MOST_BUILDS).update(
        state=ReportState.BUILDING,
        lease_until=now + LEASE,
        builds=F("builds") + 1,
        progress=0,
        stage="",
        message="",
    )
    return taken == 1


def build_claimed(study_id: int, *, clock: Callable[[], datetime]) -> None:
    """Compute a claimed report, showing progress. Raises ReportFailed, after keeping why."""

    def show(share: int, stage: str) -> None:
        StoredReport.objects.filter(study_id=study_id, state=ReportState.BUILDING).update(
            progress=share, stage=stage, lease_until=clock() + LEASE
        )

    build(study_id, clock=clock, progress=show)

"""Reports kept ready, so that a page opens in the same time whatever the size of its study."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from raters.models.studies import Study

#: A build that began this often without an end is given up, so that one that kills its worker ends too.
MOST_BUILDS = 3


class ReportState(models.TextChoices):
    """``queued`` waits for a worker; ``failed`` says why in ``message`` and is built again on request."""

    QUEUED = "queued", "Waiting for a worker"
    BUILDING = "building", "Being computed"
    READY = "ready", "Ready"
    FAILED = "failed", "Could not be computed"


class StoredReport(models.Model):
    """The report of a study as computed from the rows that ``input_checksum`` stands for.

    ``html`` is the part of the page that shows it. While a new one is made the old one stays, with its files.
    ``progress`` is a share in percent, ``builds`` counts the attempts since the report was last ready.
    """

    study = models.OneToOneField(Study, primary_key=True, on_delete=models.CASCADE, related_name="report")
    input_checksum = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=20, choices=ReportState, default=ReportState.QUEUED)
    progress = models.PositiveSmallIntegerField(default=0)
    stage = models.CharField(max_length=80, blank=True)
    message = models.TextField(blank=True)
    builds = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    built_at = models.DateTimeField(null=True)
    html = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=ReportState.values), name="report_state_known"),
            models.CheckConstraint(condition=Q(progress__lte=100), name="report_progress_is_a_share"),
            models.CheckConstraint(condition=Q(builds__lte=MOST_BUILDS), name="report_builds_bounded"),
            models.CheckConstraint(
                condition=Q(state=ReportState.BUILDING, lease_until__isnull=False)
                | (~Q(state=ReportState.BUILDING) & Q(lease_until__isnull=True)),
                name="report_leased_while_built",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReportState.READY) | (Q(built_at__isnull=False) & ~Q(input_checksum="")),
                name="report_ready_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"report of {self.study_id}"

    @property
    def is_ready(self) -> bool:
        """It can be read as it is."""
        return self.state == ReportState.READY

    @property
    def is_underway(self) -> bool:
        """A worker has it, or is to have it."""
        return self.state in {ReportState.QUEUED, ReportState.BUILDING}


class ReportFile(models.Model):
    """A file of the bundle that is computed from the rows, byte for byte: report.json, votes.csv, a chart."""

    report = models.ForeignKey(StoredReport, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=100)
    content = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "name"], name="report_file_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name

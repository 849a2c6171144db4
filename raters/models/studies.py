"""Runs put to human judgment: the study, its arms, and the pairs of outputs that raters compare."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from evalapp.models import Generation, Run, Sample, TaskSet


class StudyState(models.TextChoices):
    """Results stay sealed until a study is closed."""

    OPEN = "open", "Open"
    PAUSED = "paused", "Paused"
    CLOSED = "closed", "Closed"


class Study(models.Model):
    """A task set, two or more runs of it, and the settings frozen when it was opened.

    ``protocol`` is written once (``raters/studies/protocol.py`` gives its shape). ``simulated`` marks a study
    whose judgments come from simulated raters; every page and file says so. ``unsealed_at`` is set when an
    organiser looked at results before closing.
    """

    name = models.CharField(max_length=200, unique=True)
    task_set = models.ForeignKey(TaskSet, on_delete=models.PROTECT, related_name="studies")
    protocol = models.JSONField()
    state = models.CharField(max_length=20, choices=StudyState, default=StudyState.OPEN)
    simulated = models.BooleanField(default=False)
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    unsealed_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="studies"
    )

    class Meta:
        ordering: ClassVar = ["-opened_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=StudyState.values), name="study_state_known"),
            models.CheckConstraint(
                condition=Q(state=StudyState.CLOSED, closed_at__isnull=False)
                | (~Q(state=StudyState.CLOSED) & Q(closed_at__isnull=True)),
                name="study_closed_when_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StudyArm(models.Model):
    """One run in a study; ``position`` is the system's place in the declared order, from 0."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="arms")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="arms")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering: ClassVar = ["study_id", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["study", "position"], name="arm_position_unique_in_study"),
            models.UniqueConstraint(fields=["study", "run"], name="arm_run_unique_in_study"),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}:{self.position}"


class Comparison(models.Model):
    """Two outputs for one sample; ``a`` is the system declared earlier. ``position`` counts from 0."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="comparisons")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="comparisons")
    generation_a = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="comparisons_as_a")
    generation_b = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="comparisons_as_b")
    position = models.PositiveIntegerField()

    class Meta:
        ordering: ClassVar = ["study_id", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["study", "generation_a", "generation_b"], name="comparison_once_in_study"
            ),
            models.UniqueConstraint(fields=["study", "position"], name="comparison_position_unique_in_study"),
            models.CheckConstraint(
                condition=~Q(generation_a=F("generation_b")), name="comparison_of_two_outputs"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_id}/{self.position}"

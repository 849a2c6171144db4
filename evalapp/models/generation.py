"""What the systems answered: runs, the output for each sample, and the ledger of requests."""

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from evalapp.models.fields import VerbatimJSONField
from evalapp.models.registry import LanguageModel, Price, System
from evalapp.models.tasksets import Sample, TaskSet

#: A sample that has begun this often without an end is given up, so that one that kills its worker ends too.
MOST_ATTEMPTS = 5


class RunState(models.TextChoices):
    """``stopped``: ended by a fault that would meet every further request, with its reason."""

    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    CANCELLED = "cancelled", "Cancelled"


class Run(models.Model):
    """One task set through one system. ``configuration`` is the system as it was when the run began.

    ``committed_usd`` is what its calls cost so far, with open calls and unknown ones at their worst case.
    Runs of one ``series`` are asked one after another, so that none disturbs another's times.
    ``environment`` is where and with what it was asked, noted by the worker that began it.
    """

    task_set = models.ForeignKey(TaskSet, on_delete=models.PROTECT, related_name="runs")
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=20, choices=RunState, default=RunState.RUNNING)
    reason = models.TextField(blank=True)
    imported = models.BooleanField(default=False)
    measured = models.BooleanField(default=False)
    streamed = models.BooleanField(default=False)
    warmup_calls = models.PositiveIntegerField(default=0)
    warmup_done_at = models.DateTimeField(null=True)
    warmup_lease_until = models.DateTimeField(null=True)
    concurrency = models.PositiveIntegerField(default=1)
    budget_usd = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    committed_usd = models.DecimalField(max_digits=20, decimal_places=12, default=Decimal(0))
    configuration = models.JSONField(default=dict)
    series = models.UUIDField(null=True)
    environment = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="runs"
    )
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.task_set} × {self.system}"


class GenerationState(models.TextChoices):
    """Where a generation stands. ``refused``: the model declined, which is an answer and can be judged."""

    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"


class Generation(models.Model):
    """A system's output for one sample; the row is its own outbox and carries its own lease.

    ``output`` is text, or a list of texts for a conversation. Latency and tokens are the sums over the calls
    that made it; where one request answered several samples (classification), they are this sample's share.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="generations")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="generations")
    replicate = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=20, choices=GenerationState, default=GenerationState.PENDING)
    attempt = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    output = models.JSONField(null=True)
    detail = models.JSONField(default=dict)
    checks = models.JSONField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    served_by = models.CharField(max_length=200, blank=True)
    fallback_reason = models.CharField(max_length=200, blank=True)
    latency_ms = models.FloatField(null=True)
    first_token_ms = models.FloatField(null=True)
    input_tokens = models.PositiveIntegerField(null=True)
    cached_input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["run_id", "sample__position", "replicate"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "sample", "replicate"], name="generation_once_per_run_and_sample"
            ),
            models.CheckConstraint(
                condition=Q(state__in=GenerationState.values), name="generation_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    state=GenerationState.RUNNING, lease_token__isnull=False, lease_until__isnull=False
                )
                | (~Q(state=GenerationState.RUNNING) & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="generation_leased_while_running",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[GenerationState.DONE, GenerationState.REFUSED])
                | Q(output__isnull=False),
                name="generation_done_has_output",
            ),
            models.CheckConstraint(
                condition=Q(attempt__lte=MOST_ATTEMPTS), name="generation_attempts_bounded"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("run"),
                F("next_attempt_at"),
                name="generation_waiting",
                condition=Q(state=GenerationState.PENDING),
            ),
            models.Index(
                F("lease_until"), name="generation_leased", condition=Q(state=GenerationState.RUNNING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.sample_id}"


class CallPurpose(models.TextChoices):
    """Why a request was sent. Only answers enter a run's figures."""

    ANSWER = "answer", "Answer"
    WARMUP = "warmup", "Warm-up"
    PROBE = "probe", "Probe"


class CallState(models.TextChoices):
    """``sent`` is committed before the request leaves; ``unknown`` is a sent one whose worker died."""

    SENT = "sent", "Sent"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Unknown"
    CACHED = "cached", "From the cache"


class ApiCall(models.Model):
    """One request in the ledger. A call that answered several samples names the first in ``generation``.

    A probe belongs to no run. ``request`` is the body as it was sent, pictures by their checksums;
    ``request_sha256`` is of its bytes with the pictures in their places. ``price`` and ``cost_usd`` are those
    of the day the call was made and never change; ``reserved_usd`` is the most it could have cost, set aside
    from the run's budget before it was sent.
    """

    run = models.ForeignKey(Run, null=True, on_delete=models.CASCADE, related_name="calls")
    generation = models.ForeignKey(Generation, null=True, on_delete=models.CASCADE, related_name="calls")
    model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="calls")
    price = models.ForeignKey(Price, null=True, on_delete=models.PROTECT, related_name="calls")
    purpose = models.CharField(max_length=20, choices=CallPurpose, default=CallPurpose.ANSWER)
    step = models.PositiveIntegerField(default=0)
    try_number = models.PositiveSmallIntegerField(default=1)
    shared_by = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=20, choices=CallState, default=CallState.SENT)
    request_key = models.CharField(max_length=64)
    request = VerbatimJSONField()
    request_sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField()
    latency_ms = models.FloatField(null=True)
    first_token_ms = models.FloatField(null=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)
    input_tokens = models.PositiveIntegerField(null=True)
    cached_input_tokens = models.PositiveIntegerField(null=True)
    output_tokens = models.PositiveIntegerField(null=True)
    usage_estimated = models.BooleanField(default=False)
    reserved_usd = models.DecimalField(max_digits=20, decimal_places=12, default=Decimal(0))
    cost_usd = models.DecimalField(max_digits=20, decimal_places=12, null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    model_answered = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    system_fingerprint = models.CharField(max_length=200, blank=True)
    reply = models.JSONField(null=True)
    raw = models.TextField(blank=True)

    class Meta:
        ordering: ClassVar = ["run_id", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=CallState.values), name="call_state_known"),
            models.CheckConstraint(condition=Q(purpose__in=CallPurpose.values), name="call_purpose_known"),
            models.CheckConstraint(
                condition=~Q(purpose=CallPurpose.ANSWER) | Q(generation__isnull=False),
                name="call_answers_a_generation",
            ),
            models.CheckConstraint(
                condition=Q(purpose=CallPurpose.PROBE) | Q(run__isnull=False), name="call_of_a_run"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("request_key"), name="call_answered_by_key", condition=Q(state=CallState.ANSWERED)
            ),
            models.Index(F("run"), name="call_open", condition=Q(state=CallState.SENT)),
        ]

    def __str__(self) -> str:
        return f"call {self.pk} of run {self.run_id}"

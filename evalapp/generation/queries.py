"""Reads of runs: how far they are, what they cost, what their generations came to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.utils import timezone

from evalapp.models import ApiCall, Generation, Run
from evalapp.models.generation import CallState, GenerationState

#: How far back the present rate of a run looks.
RATE_WINDOW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run's generations stand, what its requests cost so far, and how fast it goes.

    ``calls`` counts the requests that left this machine, warm-up included; ``unknown_calls`` those of them
    whose answer was lost with a worker. ``cost_usd`` is the sum of the ended calls' costs. The rates look back
    over the last half minute, or over the run's life when that is shorter.
    """

    total: int
    done: int
    refused: int
    failed: int
    waiting: int
    running: int
    calls: int
    unknown_calls: int
    cost_usd: Decimal
    calls_per_second: float
    seconds_left: float | None

    @property
    def ended(self) -> int:
        """Generations that came to an end, good or bad."""
        return self.done + self.refused + self.failed


def progress_of(run: Run, *, now: datetime | None = None) -> RunProgress:
    """The run's progress at one moment; two queries, each over this run's rows only."""
    now = timezone.now() if now is None else now
    since = max(now - RATE_WINDOW, run.created_at)
    window_s = max(1.0, (now - since).total_seconds())
    rows = Generation.objects.filter(run=run).aggregate(
        total=Count("id"),
        done=Count("id", filter=Q(state=GenerationState.DONE)),
        refused=Count("id", filter=Q(state=GenerationState.REFUSED)),
        failed=Count("id", filter=Q(state=GenerationState.FAILED)),
        waiting=Count("id", filter=Q(state=GenerationState.PENDING)),
        running=Count("id", filter=Q(state=GenerationState.RUNNING)),
        lately=Count("id", filter=Q(finished_at__gt=since)),
    )
    calls = ApiCall.objects.filter(run=run).aggregate(
        calls=Count("id", filter=~Q(state=CallState.CACHED)),
        unknown=Count("id", filter=Q(state=CallState.UNKNOWN)),
        cost_usd=Sum("cost_usd"),
        lately=Count("id", filter=Q(sent_at__gt=since) & ~Q(state=CallState.CACHED)),
    )
    left = rows["waiting"] + rows["running"]
    return RunProgress(
        total=rows["total"],
        done=rows["done"],
        refused=rows["refused"],
        failed=rows["failed"],
        waiting=rows["waiting"],
        running=rows["running"],
        calls=calls["calls"],
        unknown_calls=calls["unknown"],
        cost_usd=calls["cost_usd"] or Decimal(0),
        calls_per_second=calls["lately"] / window_s,
        seconds_left=left * window_s / rows["lately"] if left and rows["lately"] else None,
    )

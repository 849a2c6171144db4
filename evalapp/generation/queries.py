"""Reads of runs: which there are, how far they are, and each generation down to its requests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.db.models import Count, F, Func, Q, QuerySet, Sum, TextField
from django.db.models.functions import Coalesce, Left
from django.utils import timezone

from evalapp.models import ApiCall, Generation, Run
from evalapp.models.generation import CallState, GenerationState

#: How far back the present rate of a run looks.
RATE_WINDOW = timedelta(seconds=30)
#: States in which a generation stays.
ENDED = (GenerationState.DONE, GenerationState.REFUSED, GenerationState.FAILED)
#: How much of an output a list shows, in characters; one more is read, which says that there is more.
BEGINNING = 160
#: How many requests shared by several samples are looked through for one sample's.
SHARED_CALLS_SEARCHED = 100


@dataclass(frozen=True, slots=True)
class RunProgress:
    """Where a run's generations stand, what its requests cost so far, and how fast it goes.

    ``calls`` counts the requests that left this machine, warm-up included; ``unknown_calls`` those of them
    whose answer was lost with a worker. ``cost_usd`` is the sum of the ended calls' costs.
    ``calls_per_second`` looks back over the last half minute, or over the run's life when that is shorter;
    ``seconds_left`` assumes that generations go on ending as they did in that time, and is None when none
    did or none is left.
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


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list: ``ended`` of its ``total`` generations have ended, ``failed`` of them badly."""

    run: Run
    total: int
    ended: int
    failed: int


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


def runs_with_parts() -> QuerySet[Run]:
    """Every run, newest first, with its task set and system."""
    return Run.objects.select_related(
        "task_set", "system__model__endpoint", "system__fallback_model", "created_by"
    )


def lines_of(runs: Sequence[Run]) -> list[RunLine]:
    """The runs in their order, with counts; one query for all of them."""
    counts = {
        row["run_id"]: row
        for row in Generation.objects.filter(run__in=runs)
        .order_by()
        .values("run_id")
        .annotate(
            total=Count("id"),
            ended=Count("id", filter=Q(state__in=ENDED)),
            failed=Count("id", filter=Q(state=GenerationState.FAILED)),
        )
    }
    none = {"total": 0, "ended": 0, "failed": 0}
    found = [(run, counts.get(run.pk, none)) for run in runs]
    return [RunLine(run, row["total"], row["ended"], row["failed"]) for run, row in found]


def has_rival(run: Run) -> bool:
    """Whether another system has a run of the same task set, so that a study can compare the two."""
    return Run.objects.filter(task_set=run.task_set_id).exclude(system=run.system_id).exists()


def generations_of(run: Run, *, state: str = "") -> QuerySet[Generation]:
    """A run's generations in the order of its samples, each with the ``beginning`` of its output; whole
    outputs and payloads stay in the database."""
    text = Func(F("output"), template="(%(expressions)s #>> '{}')", output_field=TextField())
    rows = (
        Generation.objects.filter(run=run)
        .select_related("sample")
        .defer("output", "detail", "sample__payload")
        .annotate(beginning=Left(Coalesce(text, "error_message"), BEGINNING + 1))
        .order_by("sample__position", "replicate")
    )
    return rows.filter(state=state) if state else rows


def generation_with_parts(run_id: int, generation_id: int) -> Generation | None:
    """One generation of a run with everything its page shows but its calls."""
    parts = ("sample", "run__task_set", "run__system")
    return Generation.objects.select_related(*parts).filter(run_id=run_id, pk=generation_id).first()


def calls_of(generation: Generation) -> list[ApiCall]:
    """The requests made for a generation, in order.

    A request that answered several samples hangs on the first of them; for the others it is found as the
    latest of the run's shared requests, up to this generation's end, in which this sample's text stands.
    """
    parts = ("model__endpoint", "price")
    own = list(generation.calls.select_related(*parts).order_by("id"))
    text = generation.sample.payload.get("text")
    if own or not isinstance(text, str) or generation.finished_at is None:
        return own
    shared = ApiCall.objects.filter(
        run=generation.run_id, shared_by__gt=1, sent_at__lte=generation.finished_at
    )
    # Inside the request the item stands as JSON, and the request is JSON again.
    needle = json.dumps(json.dumps(text, ensure_ascii=False), ensure_ascii=False)[1:-1]
    latest = shared.select_related(*parts).order_by("-sent_at", "-id")[:SHARED_CALLS_SEARCHED]
    naming = (call for call in latest.iterator() if needle in json.dumps(call.request, ensure_ascii=False))
    return list(islice(naming, 1))

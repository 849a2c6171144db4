"""Several runs begun together; measured ones take turns, so that none disturbs another's times."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, Min, Q, Value

from evalapp.generation.figures import Quantile
from evalapp.generation.planning import WARMUP_CALLS, RunRefused, plan_run
from evalapp.models import Account, ApiCall, Run, System, TaskSet
from evalapp.models.generation import CallPurpose, CallState

#: More requests at a time than this are no measurement of one system any more.
MOST_CONCURRENCY = 512


@dataclass(frozen=True, slots=True)
class Throughput:
    """What one measured run reached: ``calls`` were answered within ``seconds``, from the first sending to
    the last answer, warm-up apart; ``failed`` counts requests that were not."""

    run_id: int
    system: str
    concurrency: int
    calls: int
    failed: int
    seconds: float
    median_ms: float
    p95_ms: float

    @property
    def calls_per_second(self) -> float:
        """Answered requests per second of the run."""
        return self.calls / self.seconds if self.seconds else 0.0


def plan_runs(
    *,
    task_set: TaskSet,
    systems: Sequence[System],
    concurrencies: Sequence[int | None] = (None,),
    measured: bool = False,
    warmup_calls: int = WARMUP_CALLS,
    limit: int | None = None,
    streamed: bool = False,
    budget_usd: Decimal | None = None,
    created_by: Account | None = None,
) -> list[Run]:
    """One run per concurrency and system, all of them or none; measured ones as a series, in this order.

    Raises `RunRefused` and `NotReachable`.
    """
    for each in concurrencies:
        if each is not None and not 1 <= each <= MOST_CONCURRENCY:
            raise RunRefused(f"The concurrency must be 1 to {MOST_CONCURRENCY}, not {each}.")
    if len(concurrencies) > 1 and not measured:
        raise RunRefused("A sweep is of measured runs: ask for measuring as well.")
    if len(set(concurrencies)) < len(concurrencies):
        raise RunRefused("A sweep measures each concurrency once.")
    series = uuid.uuid4() if measured and len(concurrencies) * len(systems) > 1 else None
    with transaction.atomic():
        return [
            plan_run(
                task_set=task_set,
                system=system,
                measured=measured,
                warmup_calls=warmup_calls,
                limit=limit,
                streamed=streamed,
                budget_usd=budget_usd,
                concurrency=concurrency,
                series=series,
                created_by=created_by,
            )
            for concurrency in concurrencies
            for system in systems
        ]


def sweep_of(run: Run) -> list[Throughput]:
    """The throughput of every measured run of this run's system and task set that has answers."""
    return throughput_of(Run.objects.filter(system=run.system_id, task_set=run.task_set_id, measured=True))


def throughput_of(runs: Iterable[Run]) -> list[Throughput]:
    """What measured runs reached, by system, concurrency and age; one query. Runs without answers are out."""
    answered = Q(state=CallState.ANSWERED)
    took = ExpressionWrapper(F("latency_ms") * Value(timedelta(milliseconds=1)), output_field=DurationField())
    rows = (
        ApiCall.objects.filter(run__in=[run.pk for run in runs], purpose=CallPurpose.ANSWER)
        .exclude(state=CallState.CACHED)
        .order_by()
        .values("run_id", "run__system__name", "run__concurrency")
        .annotate(
            calls=Count("id", filter=answered),
            failed=Count("id", filter=~answered),
            began=Min("sent_at", filter=answered),
            ended=Max(F("sent_at") + took, filter=answered),
            median_ms=Quantile("latency_ms", share=0.5, filter=answered),
            p95_ms=Quantile("latency_ms", share=0.95, filter=answered),
        )
        .filter(calls__gt=0)
        .order_by("run__system__name", "run__concurrency", "run_id")
    )
    return [
        Throughput(
            run_id=row["run_id"],
            system=row["run__system__name"],
            concurrency=row["run__concurrency"],
            calls=row["calls"],
            failed=row["failed"],
            seconds=(row["ended"] - row["began"]).total_seconds(),
            median_ms=row["median_ms"],
            p95_ms=row["p95_ms"],
        )
        for row in rows
    ]

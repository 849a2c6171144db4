"""A run begins as rows: one generation per sample, waiting. Nothing is sent from here."""

from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from evalapp.kinds import KINDS
from evalapp.models import Account, Generation, LanguageModel, Run, Sample, System, TaskSet
from evalapp.registry import connecting
from evalapp.registry.prices import price_on

#: How many requests a measured run sends before it counts, and how many it counts, unless told otherwise.
WARMUP_CALLS = 20
MEASURED_CALLS = 100


class RunRefused(Exception):
    """A run that cannot begin as asked; the message says why and what to do."""


def plan_run(
    *,
    task_set: TaskSet,
    system: System,
    measured: bool = False,
    warmup_calls: int = WARMUP_CALLS,
    limit: int | None = None,
    streamed: bool = False,
    budget_usd: Decimal | None = None,
    concurrency: int | None = None,
    series: UUID | None = None,
    created_by: Account | None = None,
) -> Run:
    """Write a run and its waiting generations, or refuse with a reason.

    ``limit`` is the number of samples, or of measured requests: a measured run of a smaller task set goes
    round it again as replicates. A measured run keeps one request in flight unless ``concurrency`` says more.
    A run of a ``series`` begins when those before it have ended.
    """
    model = check_askable(system)
    if limit is not None and limit < 1:
        raise RunRefused("The limit must be at least 1 sample.")
    if concurrency is None:
        concurrency = 1 if measured else (model.endpoint.concurrency or settings.GENERATION_CONCURRENCY)
    with transaction.atomic():
        run = Run.objects.create(
            task_set=task_set,
            system=system,
            measured=measured,
            streamed=streamed,
            warmup_calls=warmup_calls if measured else 0,
            concurrency=concurrency * (1 if measured else KINDS[task_set.kind].batch_size),
            budget_usd=budget_usd,
            series=series,
            configuration=connecting.configuration_of(system),
            created_by=created_by,
        )
        _write_generations(run, limit=limit)
    return run


def check_askable(system: System) -> LanguageModel:
    """The system's first model, once every model of it has a key and a price in force today.

    Raises `RunRefused` and `NotReachable`.
    """
    if system.model is None:
        raise RunRefused(
            f"System {system.name} has no model: its outputs came with a task file. Choose another system."
        )
    for model in models_of(system):
        connecting.check_reachable(model.endpoint)
        if price_on(model, timezone.now().date()) is None:
            raise RunRefused(
                f"Model {model.name} has no price in force today. Add one on the page of systems, or to the "
                "models file."
            )
    return system.model


def models_of(system: System) -> list[LanguageModel]:
    """The models that a system may ask, its own first."""
    return [model for model in (system.model, system.fallback_model) if model is not None]


def _write_generations(run: Run, *, limit: int | None) -> None:
    samples = list(
        Sample.objects.filter(task_set_id=run.task_set_id).order_by("position").values_list("id", flat=True)
    )
    if run.measured:
        wanted = MEASURED_CALLS if limit is None else limit
    else:
        wanted = len(samples) if limit is None else min(limit, len(samples))
    Generation.objects.bulk_create(
        (
            Generation(run=run, sample_id=samples[number % len(samples)], replicate=number // len(samples))
            for number in range(wanted)
        ),
        batch_size=2000,
    )

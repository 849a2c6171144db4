"""Before runs begin: what each of them would send, cost and take."""

from collections.abc import Sequence
from decimal import Decimal

from evalapp.generation.estimating import Estimate, estimate
from evalapp.generation.planning import WARMUP_CALLS
from evalapp.models import System, TaskSet


def estimates_of(
    *,
    task_set: TaskSet,
    systems: Sequence[System],
    concurrencies: Sequence[int | None] = (None,),
    measured: bool = False,
    warmup_calls: int = WARMUP_CALLS,
    limit: int | None = None,
    budget_usd: Decimal | None = None,
) -> list[Estimate]:
    """The estimates of the runs that `plan_runs` would plan from the same, in its order."""
    return [
        estimate(
            task_set=task_set,
            system=system,
            measured=measured,
            warmup_calls=warmup_calls,
            limit=limit,
            budget_usd=budget_usd,
            concurrency=concurrency,
        )
        for concurrency in concurrencies
        for system in systems
    ]

"""What earlier runs say of one to come: how long answers were and took, how often a second model served."""

from dataclasses import dataclass

from django.db.models import Avg, Count, Q, QuerySet

from evalapp.models import ApiCall, Generation, LanguageModel, System
from evalapp.models.generation import CallPurpose, CallState, GenerationState


@dataclass(frozen=True, slots=True)
class Experience:
    """Means over ``calls`` earlier requests of one kind of task; ``whose`` says what they have in common."""

    calls: int
    output_tokens: float
    latency_ms: float
    whose: str


def experience_of(system: System, model: LanguageModel, kind: str) -> Experience | None:
    """Of this system if it has been asked before, else of its model under any system; None without either."""
    calls = ApiCall.objects.filter(
        model=model,
        state=CallState.ANSWERED,
        purpose=CallPurpose.ANSWER,
        output_tokens__isnull=False,
        latency_ms__isnull=False,
        run__task_set__kind=kind,
    )
    return _means(calls.filter(run__system=system), "of this system") or _means(calls, "of this model")


def trip_rate_of(system: System, kind: str) -> float | None:
    """The share of this system's earlier outputs that its second model served; None without any."""
    found = Generation.objects.filter(
        run__system=system,
        run__task_set__kind=kind,
        state__in=[GenerationState.DONE, GenerationState.REFUSED],
    ).aggregate(answered=Count("id"), trips=Count("id", filter=~Q(fallback_reason="")))
    return found["trips"] / found["answered"] if found["answered"] else None


def stored_among(keys: set[str]) -> set[str]:
    """Those of these requests that have a stored answer."""
    answered = ApiCall.objects.filter(request_key__in=keys, state=CallState.ANSWERED, reply__isnull=False)
    return set(answered.values_list("request_key", flat=True))


def _means(calls: "QuerySet[ApiCall]", whose: str) -> Experience | None:
    found = calls.aggregate(calls=Count("id"), output=Avg("output_tokens"), latency=Avg("latency_ms"))
    if not found["calls"]:
        return None
    return Experience(found["calls"], found["output"], found["latency"], whose)

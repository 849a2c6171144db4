"""How often a routed system's second model served, why, and what that added."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Avg, Count, Q, Sum

from evalapp.models import ApiCall, Generation, Run
from evalapp.models.generation import CallPurpose, CallState, GenerationState


@dataclass(frozen=True, slots=True)
class Fallbacks:
    """Of ``answered`` outputs ``trips`` came from the second model; ``reasons`` by their number, most first.

    ``calls``, ``cost_usd`` and ``latency_ms`` (the mean of one) are of its answered requests: all of it came
    on top of the first model's. ``untested`` outputs had tests that could not be run, so that a rule on
    failed tests did not apply to them.
    """

    model: str
    answered: int
    trips: int
    reasons: tuple[tuple[str, int], ...]
    calls: int
    cost_usd: Decimal
    latency_ms: float | None
    untested: int

    @property
    def trip_rate(self) -> float | None:
        """The share of outputs that the second model served; None before there is any."""
        return self.trips / self.answered if self.answered else None


def fallbacks_of(run: Run) -> Fallbacks | None:
    """The run's fallbacks, three queries; None for a system without a second model."""
    second = run.system.fallback_model
    if second is None:
        return None
    outputs = Generation.objects.filter(run=run, state__in=[GenerationState.DONE, GenerationState.REFUSED])
    rule = run.configuration.get("fallback_rule") or {}
    counted = outputs.aggregate(
        answered=Count("id"),
        trips=Count("id", filter=~Q(fallback_reason="")),
        untested=Count("id", filter=Q(checks__state="not_run")),
    )
    reasons = outputs.exclude(fallback_reason="").order_by().values("fallback_reason")
    spent = ApiCall.objects.filter(
        run=run, model=second, purpose=CallPurpose.ANSWER, state=CallState.ANSWERED
    ).aggregate(calls=Count("id"), cost_usd=Sum("cost_usd"), latency_ms=Avg("latency_ms"))
    return Fallbacks(
        model=second.name,
        answered=counted["answered"],
        trips=counted["trips"],
        reasons=tuple(
            (row["fallback_reason"], row["count"])
            for row in reasons.annotate(count=Count("id")).order_by("-count", "fallback_reason")
        ),
        calls=spent["calls"],
        cost_usd=spent["cost_usd"] or Decimal(0),
        latency_ms=spent["latency_ms"],
        untested=counted["untested"] if rule.get("failed_tests") else 0,
    )

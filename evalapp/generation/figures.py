"""What a run's answered generations came to: times, tokens, cost and checks that need no judge."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Aggregate, Avg, Count, FloatField, Max, Min, Q, QuerySet, StdDev, Sum

from evalapp.models import Generation, Run
from evalapp.models.generation import GenerationState


@dataclass(frozen=True, slots=True)
class Times:
    """In milliseconds over ``n`` generations; ``sd`` with n - 1, ``p95`` by linear interpolation."""

    n: int
    median: float | None
    mean: float | None
    sd: float | None
    p95: float | None
    least: float | None
    most: float | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """A total and the mean over the generations that have a count."""

    total: int | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class Check:
    """One check over ``n`` generations: the share that passed if ``is_share``, else a mean."""

    name: str
    n: int
    mean: float
    is_share: bool


@dataclass(frozen=True, slots=True)
class RunFigures:
    """Over the generations that were answered or refused. Answers from the cache have no time of their own.

    ``cost_usd`` is what these generations' own calls cost; ``fallbacks`` counts those another model served.
    """

    answered: int
    latency: Times
    first_token: Times
    input_tokens: Tokens
    cached_input_tokens: Tokens
    output_tokens: Tokens
    cost_usd: Decimal | None
    cost_each_usd: Decimal | None
    fallbacks: int
    cut_short: int
    checks: tuple[Check, ...]


class Quantile(Aggregate):
    """PostgreSQL's ``percentile_cont``: linear interpolation between the two nearest values."""

    function = "PERCENTILE_CONT"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"

    def __init__(self, expression: str, *, share: float, filter: Q | None = None) -> None:  # noqa: A002
        super().__init__(expression, share=share, filter=filter, output_field=FloatField())


def figures_of(run: Run) -> RunFigures:
    """The run's figures; two queries over its rows."""
    rows = Generation.objects.filter(run=run, state__in=[GenerationState.DONE, GenerationState.REFUSED])
    found = rows.aggregate(
        answered=Count("id"),
        spent_usd=Sum("cost_usd"),
        priced=Count("cost_usd"),
        fallbacks=Count("id", filter=~Q(fallback_reason="")),
        cut_short=Count("id", filter=Q(finish_reason="length")),
        **_times("latency_ms"),
        **_times("first_token_ms"),
        **_tokens("input_tokens"),
        **_tokens("cached_input_tokens"),
        **_tokens("output_tokens"),
    )
    return RunFigures(
        answered=found["answered"],
        latency=_times_in(found, "latency_ms"),
        first_token=_times_in(found, "first_token_ms"),
        input_tokens=_tokens_in(found, "input_tokens"),
        cached_input_tokens=_tokens_in(found, "cached_input_tokens"),
        output_tokens=_tokens_in(found, "output_tokens"),
        cost_usd=found["spent_usd"],
        cost_each_usd=found["spent_usd"] / found["priced"] if found["priced"] else None,
        fallbacks=found["fallbacks"],
        cut_short=found["cut_short"],
        checks=_checks(rows),
    )


def _times(field: str) -> dict[str, Aggregate]:
    return {
        f"{field}_n": Count(field),
        f"{field}_median": Quantile(field, share=0.5),
        f"{field}_mean": Avg(field),
        f"{field}_sd": StdDev(field, sample=True),
        f"{field}_p95": Quantile(field, share=0.95),
        f"{field}_least": Min(field),
        f"{field}_most": Max(field),
    }


def _times_in(found: Mapping[str, Any], field: str) -> Times:
    parts = ("median", "mean", "sd", "p95", "least", "most")
    return Times(found[f"{field}_n"], *(found[f"{field}_{part}"] for part in parts))


def _tokens(field: str) -> dict[str, Aggregate]:
    return {f"{field}_total": Sum(field), f"{field}_mean": Avg(field)}


def _tokens_in(found: Mapping[str, Any], field: str) -> Tokens:
    return Tokens(found[f"{field}_total"], found[f"{field}_mean"])


def _checks(rows: QuerySet[Generation]) -> tuple[Check, ...]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    shares: set[str] = set()
    checked = rows.filter(checks__isnull=False).order_by()
    for checks in checked.values_list("checks", flat=True).iterator():
        for name, value in (checks or {}).items():
            if isinstance(value, bool):
                shares.add(name)
            if isinstance(value, int | float):
                values[name].append(float(value))
    return tuple(
        Check(name, len(found), sum(found) / len(found), is_share=name in shares)
        for name, found in sorted(values.items())
    )

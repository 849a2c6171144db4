"""What a run's requests would cost at other prices. A simulation: no call and no run changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum

from evalapp.models import ApiCall, LanguageModel, Price, Run
from evalapp.models.generation import CallState
from evalapp.providers.messages import Usage
from evalapp.registry.prices import token_price
from evalapp.registry.pricing import batch_cost_usd, cost_usd


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run asked of one model: its calls with a token count, their tokens, what they cost when they
    were made, and how many more calls have no count (failed or lost, whose cost is a worst case)."""

    model: LanguageModel
    calls: int
    usage: Usage
    cost_usd: Decimal
    uncounted: int


@dataclass(frozen=True, slots=True)
class Repriced:
    """The tokens asked of one model at one price; ``batch_usd`` with its batch discount, None without one."""

    asked: Asked
    price: Price
    cost_usd: Decimal
    batch_usd: Decimal | None


def asked_of(run: Run) -> list[Asked]:
    """By model, in the order in which they were first asked; two queries. What came from the cache is out."""
    counted = Q(input_tokens__isnull=False, output_tokens__isnull=False)
    calls = ApiCall.objects.filter(run=run).exclude(state__in=[CallState.CACHED, CallState.SENT])
    rows = {
        row["model"]: row
        for row in calls.order_by()
        .values("model")
        .annotate(
            calls=Count("id", filter=counted),
            uncounted=Count("id", filter=~counted),
            first=Min("id"),
            inputs=Sum("input_tokens", filter=counted),
            cached=Sum("cached_input_tokens", filter=counted),
            outputs=Sum("output_tokens", filter=counted),
            paid=Sum("cost_usd", filter=counted),
        )
    }
    models = LanguageModel.objects.select_related("endpoint").in_bulk(rows)
    return [
        Asked(
            model=models[row["model"]],
            calls=row["calls"],
            usage=Usage(row["inputs"] or 0, row["outputs"] or 0, row["cached"] or 0),
            cost_usd=row["paid"] or Decimal(0),
            uncounted=row["uncounted"],
        )
        for row in sorted(rows.values(), key=lambda row: row["first"])
    ]


def reprice(asked: Asked, prices: Sequence[Price]) -> list[Repriced]:
    """The same tokens at each of these prices, exact: a cost is linear in its tokens."""
    return [
        Repriced(
            asked=asked,
            price=price,
            cost_usd=cost_usd(asked.usage, token_price(price)),
            batch_usd=batch_cost_usd(asked.usage, token_price(price)),
        )
        for price in prices
    ]

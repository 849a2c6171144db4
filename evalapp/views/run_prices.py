"""What a run would have cost at other prices: a simulation that changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from evalapp.generation import queries
from evalapp.generation.repricing import asked_of, reprice
from evalapp.registry.queries import prices_in_force
from evalapp.views.access import organiser_required


@organiser_required
@require_safe
def prices(request: HttpRequest, run_id: int) -> HttpResponse:
    """The run's tokens at every price its models have had, and at what other models cost today."""
    run = get_object_or_404(queries.runs_with_parts(), pk=run_id)
    today = timezone.now().date()
    in_force = list(prices_in_force(today))
    parts = []
    for asked in asked_of(run):
        own = asked.model.prices.order_by("-valid_from")
        elsewhere = [price for price in in_force if price.model_id != asked.model.pk]
        parts.append((asked, reprice(asked, list(own)), reprice(asked, elsewhere)))
    return render(request, "runs/prices.html", {"run": run, "parts": parts, "today": today})

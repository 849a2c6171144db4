"""The first page after signing in: what there is, and what comes next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evalapp.generation.queries import lines_of, runs_with_parts
from evalapp.overview import overview_of_site
from evalapp.views.access import account_of, signed_in_required

RUNS_SHOWN = 5


@signed_in_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """For organisers the way from a task file to a report; for researchers the way to the reports."""
    if not account_of(request).is_organiser:
        return render(request, "home/researcher.html")
    context = {"site": overview_of_site(), "lines": lines_of(list(runs_with_parts()[:RUNS_SHOWN]))}
    return render(request, "home/organiser.html", context)

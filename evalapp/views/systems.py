"""Organisers' pages of the catalogue: endpoints, models with their prices, and systems."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evalapp.forms.systems import ModelsFileForm
from evalapp.problems import FileRefused
from evalapp.registry import queries
from evalapp.registry.catalogue import CatalogueChange, dump_catalogue, load_catalogue
from evalapp.views.access import organiser_required
from evalapp.views.problems import problems_shown


@organiser_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What can be asked, where, at what price."""
    today = timezone.now().date()
    context = {
        "systems": queries.systems_with_runs(),
        "models": queries.models_with_price(today),
        "endpoints": queries.endpoints(),
        "today": today,
    }
    return render(request, "systems/list.html", context)


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Load a models file, uploaded or pasted; it is taken whole, or every problem in it is shown."""
    if request.method != "POST":
        return render(request, "systems/import.html", {"form": ModelsFileForm()})
    form = ModelsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return render(request, "systems/import.html", {"form": form}, status=422)
    try:
        change = load_catalogue(form.cleaned_data["text"])
    except FileRefused as refused:
        context = {"form": form, **problems_shown(refused)}
        return render(request, "systems/import.html", context, status=422)
    messages.success(request, _sentence(change))
    return redirect("systems:list")


@organiser_required
@require_safe
def export(_request: HttpRequest) -> HttpResponse:
    """The catalogue as a models file."""
    headers = {"Content-Disposition": 'attachment; filename="models.toml"'}
    return HttpResponse(dump_catalogue(), content_type="application/toml; charset=utf-8", headers=headers)


def _sentence(change: CatalogueChange) -> str:
    if not change.added and not change.changed:
        return "Everything in the file was here already; nothing has changed."
    added, changed, unchanged = len(change.added), len(change.changed), len(change.unchanged)
    return f"Loaded: {added} added, {changed} changed, {unchanged} as before."

"""Organisers' pages of the catalogue: endpoints, models with their prices, and systems."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from evalapp.forms.systems import ModelsFileForm, PriceForm
from evalapp.models import LanguageModel
from evalapp.problems import FileRefused
from evalapp.registry import queries
from evalapp.registry.catalogue import CatalogueChange, dump_catalogue, load_catalogue
from evalapp.registry.prices import PriceStands, add_price
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
@require_http_methods(["GET", "HEAD", "POST"])
def price(request: HttpRequest, model_id: int) -> HttpResponse:
    """The prices a model has had, and a form for its next one."""
    model = get_object_or_404(LanguageModel.objects.select_related("endpoint"), pk=model_id)
    form = PriceForm(
        request.POST if request.method == "POST" else None, initial={"checked_on": timezone.now().date()}
    )
    if request.method == "POST" and form.is_valid():
        try:
            add_price(model=model, **form.cleaned_data)
        except PriceStands as refusal:
            form.add_error("valid_from", str(refusal))
        else:
            messages.success(request, f"The price of {model} is written down.")
            return redirect("systems:list")
    context = {"form": form, "model": model, "prices": model.prices.order_by("-valid_from")}
    status = 422 if request.method == "POST" else 200
    return render(request, "systems/price.html", context, status=status)


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

"""Organisers' pages of runs: all of them, starting some, one with its progress, one output, steering."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from evalapp import tasks
from evalapp.forms.runs import RunForm
from evalapp.generation import queries, steering
from evalapp.generation.fallbacks import fallbacks_of
from evalapp.generation.figures import figures_of
from evalapp.generation.planning import RunRefused
from evalapp.generation.preflight import estimates_of
from evalapp.generation.probing import probe
from evalapp.generation.sweeps import plan_runs, sweep_of
from evalapp.models import Run
from evalapp.models.generation import GenerationState, RunState
from evalapp.registry.connecting import NotReachable
from evalapp.views.access import account_of, organiser_required
from evalapp.views.tasksets import picture_address

RUNS_ON_A_PAGE = 50
GENERATIONS_ON_A_PAGE = 50


@organiser_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every run with its progress."""
    page = Paginator(queries.runs_with_parts(), RUNS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "runs/list.html", {"page": page, "lines": queries.lines_of(list(page))})


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Start one run for each chosen system, all of them or none; or only say what they would take."""
    if request.method != "POST":
        form = RunForm(initial={"task_set": request.GET.get("task_set")})
        return render(request, "runs/new.html", {"form": form})
    form = RunForm(request.POST)
    context: dict[str, object] = {"form": form}
    if not form.is_valid():
        return render(request, "runs/new.html", context, status=422)
    probes = probe(form.plan["systems"]) if form.cleaned_data["probed"] else []
    context["probes"] = probes
    if "estimate" in request.POST:
        considered = {name: value for name, value in form.plan.items() if name != "streamed"}
        return render(request, "runs/new.html", {**context, "estimates": estimates_of(**considered)})
    if any(each.fault for each in probes):
        form.add_error(None, "Nothing was started: not every model answers.")
        return render(request, "runs/new.html", context, status=422)
    try:
        runs = plan_runs(**form.plan, created_by=account_of(request))
    except (RunRefused, NotReachable) as refusal:
        form.add_error(None, str(refusal))
        return render(request, "runs/new.html", context, status=422)
    for run in runs:
        tasks.ring(run.pk)
    messages.success(request, f"{len(runs)} run{'' if len(runs) == 1 else 's'} started.")
    return redirect("runs:detail", runs[0].pk) if len(runs) == 1 else redirect("runs:list")


@organiser_required
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run: its progress, renewed while it lasts, its figures, its generations."""
    run = _run_or_404(run_id)
    progress = queries.progress_of(run)
    # Calls in flight of a paused run still end.
    live = run.state == RunState.RUNNING or progress.running > 0
    context: dict[str, object] = {"run": run, "progress": progress, "live": live}
    if "HX-Request" in request.headers:
        return render(request, "runs/detail.html#progress", context) if live else HttpResponseClientRefresh()
    state = request.GET.get("state", "")
    state = state if state in GenerationState.values else ""
    found = queries.generations_of(run, state=state)
    context |= {
        "figures": figures_of(run) if progress.ended else None,
        "page": Paginator(found, GENERATIONS_ON_A_PAGE).get_page(request.GET.get("page")),
        "state": state,
        "query": urlencode({"state": state}) if state else "",
        "states": GenerationState.choices,
        "has_rival": queries.has_rival(run),
        "fallbacks": fallbacks_of(run),
        "sweep": sweep_of(run) if run.measured else [],
    }
    return render(request, "runs/detail.html", context)


@organiser_required
@require_safe
def generation(request: HttpRequest, run_id: int, generation_id: int) -> HttpResponse:
    """One output, its checks, and every request that was made for it."""
    found = queries.generation_with_parts(run_id, generation_id)
    if found is None:
        raise Http404
    context = {
        "generation": found,
        "run": found.run,
        "sample": found.sample,
        "calls": queries.calls_of(found),
        "image_url": picture_address(found.sample),
    }
    return render(request, "runs/generation.html", context)


@organiser_required
@require_POST
def pause(request: HttpRequest, run_id: int) -> HttpResponseRedirect:
    """Let what is out come back and send no more."""
    return _steered(request, run_id, steering.pause, "The run is paused. Answers on their way are kept.")


@organiser_required
@require_POST
def resume(request: HttpRequest, run_id: int) -> HttpResponseRedirect:
    """Go on with a paused or stopped run."""
    return _steered(request, run_id, steering.resume, "The run goes on.", ring=True)


@organiser_required
@require_POST
def cancel(request: HttpRequest, run_id: int) -> HttpResponseRedirect:
    """End a run for good; what is done stays."""
    return _steered(request, run_id, steering.cancel, "The run is cancelled. What was answered stays.")


@organiser_required
@require_POST
def retry(request: HttpRequest, run_id: int) -> HttpResponseRedirect:
    """Ask again for what failed."""
    return _steered(
        request, run_id, steering.retry_failed, "What had failed is being asked again.", ring=True
    )


def _steered(
    request: HttpRequest, run_id: int, steer: Callable[[Run], bool | int], done: str, *, ring: bool = False
) -> HttpResponseRedirect:
    run = _run_or_404(run_id)
    if steer(run):
        messages.success(request, done)
        if ring:
            tasks.ring(run.pk)
    else:
        run.refresh_from_db(fields=["state"])
        messages.error(request, f"That cannot be done: the run is {run.get_state_display().lower()}.")
    return redirect("runs:detail", run.pk)


def _run_or_404(run_id: int) -> Run:
    return get_object_or_404(queries.runs_with_parts(), pk=run_id)

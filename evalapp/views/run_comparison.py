"""Organisers read the outputs of two or more runs side by side, sample after sample."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from evalapp.generation import queries
from evalapp.generation.comparing import FILTERS, MOST_RUNS, Filter, runs_beside, sample_compared
from evalapp.models import Run
from evalapp.views.access import organiser_required
from evalapp.views.tasksets import picture_address


@organiser_required
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """The runs named by ``run`` on the sample at ``at``, narrowed by ``show``; a choice below two runs."""
    runs = _chosen(request)
    if not runs:
        return render(request, "runs/compare.html", {"recent": queries.runs_with_parts()[:50]})
    which: Filter = next((name for name, _ in FILTERS if name == request.GET.get("show")), "")
    at = request.GET.get("at", "")
    found = sample_compared(runs, which, int(at) if at.isdecimal() and len(at) < 10 else None)
    chosen = [("run", run.pk) for run in runs]
    context: dict[str, object] = {
        "runs": runs,
        "others": [run for run in runs_beside(runs[0])[:50] if run not in runs],
        "may_add": len(runs) < MOST_RUNS,
        "task_set": runs[0].task_set,
        "filters": FILTERS,
        "show": which,
        "query": urlencode([*chosen, ("show", which)]),
    }
    if found is not None and len(runs) > 1:
        context |= {
            "found": found,
            "columns": list(zip(runs, found.generations, strict=True)),
            "image_url": picture_address(found.sample),
        }
    return render(request, "runs/compare.html", context)


def _chosen(request: HttpRequest) -> list[Run]:
    """The runs of the address in their order, each once, all of one task set. Raises Http404."""
    given = list(dict.fromkeys(request.GET.getlist("run")))
    if not all(number.isdecimal() and len(number) < 19 for number in given) or len(given) > MOST_RUNS:
        raise Http404
    found = {run.pk: run for run in queries.runs_with_parts().filter(pk__in=given)}
    runs = [found[int(number)] for number in given if int(number) in found]
    if len(runs) < len(given) or len({run.task_set_id for run in runs}) > 1:
        raise Http404
    return runs

"""Organisers' pages of task sets: all of them, importing one, one with its samples, a sample, its picture."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from evalapp.forms.tasksets import TaskFileForm
from evalapp.generation.queries import lines_of, runs_with_parts
from evalapp.kinds import KINDS
from evalapp.models import Image, Kind, Sample, TaskSet
from evalapp.problems import FileRefused
from evalapp.tasksets import queries
from evalapp.tasksets.importing import import_task_set
from evalapp.views.access import account_of, organiser_required
from evalapp.views.problems import problems_shown

TASK_SETS_ON_A_PAGE = 50
SAMPLES_ON_A_PAGE = 50
#: A picture's address is its checksum, so what it answers can never change.
PICTURE_KEPT_S = 365 * 24 * 3600


@organiser_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every task set."""
    page = Paginator(queries.task_sets(), TASK_SETS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "tasksets/list.html", {"page": page})


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request: HttpRequest) -> HttpResponse:
    """Upload a task file; it is taken whole, or every problem in it is shown."""
    if request.method != "POST":
        return _import_page(request, TaskFileForm())
    form = TaskFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import_page(request, form)
    file = form.cleaned_data["file"]
    try:
        imported = import_task_set(
            name=form.cleaned_data["name"],
            kind=form.cleaned_data["kind"],
            data=file.read(),
            source_name=file.name,
            created_by=account_of(request),
            with_outputs=form.cleaned_data["with_outputs"],
        )
    except FileRefused as refused:
        return _import_page(request, form, file_name=file.name, **problems_shown(refused))
    count = imported.task_set.sample_count
    messages.success(request, f"Imported {count:,} sample{'' if count == 1 else 's'}.")
    for note in imported.notes:
        messages.info(request, note)
    return redirect("tasksets:detail", imported.task_set.pk)


def _import_page(request: HttpRequest, form: TaskFileForm, **refusal: object) -> HttpResponse:
    context = {
        "form": form,
        "kinds": [(Kind(name).label, kind.fields) for name, kind in KINDS.items()],
        **refusal,
    }
    return render(request, "tasksets/import.html", context, status=422 if form.is_bound else 200)


@organiser_required
@require_safe
def detail(request: HttpRequest, task_set_id: int) -> HttpResponse:
    """One task set: where it came from, its runs, its samples."""
    task_set = get_object_or_404(TaskSet.objects.select_related("created_by"), pk=task_set_id)
    page = Paginator(queries.samples_of(task_set), SAMPLES_ON_A_PAGE).get_page(request.GET.get("page"))
    runs = runs_with_parts().filter(task_set=task_set)
    context = {"task_set": task_set, "page": page, "lines": lines_of(list(runs))}
    return render(request, "tasksets/detail.html", context)


@organiser_required
@require_safe
def sample(request: HttpRequest, task_set_id: int, sample_id: int) -> HttpResponse:
    """One sample with the outputs of every run beside each other."""
    found = queries.sample_with_task_set(task_set_id, sample_id)
    if found is None:
        raise Http404
    before, after = queries.neighbours_of(found)
    context = {
        "sample": found,
        "task_set": found.task_set,
        "before": before,
        "after": after,
        "generations": queries.outputs_for(found),
        "image_url": picture_address(found),
    }
    return render(request, "tasksets/sample.html", context)


@organiser_required
@require_safe
def image(_request: HttpRequest, sha256: str) -> HttpResponse:
    """A picture that samples show."""
    picture = get_object_or_404(Image, sha256=sha256)
    response = HttpResponse(bytes(picture.data), content_type=picture.media_type)
    response["Cache-Control"] = f"private, max-age={PICTURE_KEPT_S}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def picture_address(sample: Sample) -> str:
    """Where the sample's picture is; "" when it has none."""
    picture = sample.payload.get("image")
    return reverse("tasksets:image", args=[picture["sha256"]]) if isinstance(picture, dict) else ""

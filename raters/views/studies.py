"""Organisers' pages: the studies, one study's progress, opening a new one, and what can be done with it."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from evalapp.models import TaskSet
from evalapp.views.access import account_of, organiser_required, researcher_required
from raters import audit, queries
from raters.forms import InviteForm, StudyForm
from raters.models import Study
from raters.people.inviting import state_of
from raters.reporting.queries import studies_with_progress
from raters.studies.closing import close_study, pause_study, resume_study
from raters.studies.errors import StateRefused, StudyError
from raters.studies.opening import fresh_seed, open_study
from raters.studies.protocol import Protocol
from raters.studies.review import review

STUDIES_ON_A_PAGE = 50
#: An organiser reads this many findings at most; the rest is counted.
FINDINGS_SHOWN = 50
NOTES_SHOWN = 50
SAFE_OR_POST = ["GET", "HEAD", "POST"]


@researcher_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every study with its state and progress."""
    page = Paginator(studies_with_progress(), STUDIES_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "studies/list.html", {"page": page})


@organiser_required
@require_safe
def detail(request: HttpRequest, study_id: int) -> HttpResponse:
    """One study: progress, people, links, settings, log. Never a result."""
    study = study_or_404(study_id)
    now = timezone.now()
    invitations = [
        (invitation, state_of(invitation, now))
        for invitation in study.invitations.select_related("rater").order_by("-pk")
    ]
    context = {
        "study": study,
        "protocol": Protocol.from_json(study.protocol),
        "seats": queries.seats_of(study),
        "shortages": queries.shortages_of(study),
        "skips": queries.skips_of(study),
        "skip_notes": queries.skip_notes_of(study)[:NOTES_SHOWN],
        "raters": queries.raters_of(study),
        "invitations": invitations,
        "events": study.events.order_by("-pk"),
        "invite_form": InviteForm(),
    }
    return render(request, "studies/detail.html", context)


@organiser_required
@require_http_methods(SAFE_OR_POST)
def new(request: HttpRequest) -> HttpResponse:
    """Choose a task set, then runs and settings; look at what the study would be; open it."""
    chosen = request.POST.get("task_set") or request.GET.get("task_set")
    if not chosen:
        return render(request, "studies/choose.html", {"task_sets": queries.task_sets_with_runs()})
    if not chosen.isdecimal():
        raise Http404
    task_set = get_object_or_404(queries.task_sets_with_runs(), pk=int(chosen))
    if request.method != "POST":
        return _form(request, task_set, StudyForm(task_set=task_set))
    form = StudyForm(request.POST, task_set=task_set)
    if not form.is_valid() or "change" in request.POST:
        return _form(request, task_set, form)
    found = review(form.runs(), raters_per_sample=form.cleaned_data["raters_per_sample"])
    if "open" not in request.POST:
        context = {
            "form": form,
            "task_set": task_set,
            "review": found,
            "named": found.named[:FINDINGS_SHOWN],
            "runs": form.runs(),
        }
        return render(request, "studies/review.html", context)
    account = account_of(request)
    seed = form.cleaned_data["seed"]
    try:
        study = open_study(
            name=form.cleaned_data["name"],
            task_set=task_set,
            runs=form.runs(),
            raters_per_sample=form.cleaned_data["raters_per_sample"],
            criteria=form.cleaned_data["criteria"],
            graded=form.cleaned_data["graded"],
            scale=form.cleaned_data["scale"],
            margin=form.cleaned_data["margin"],
            seed=fresh_seed() if seed is None else seed,
            both_bad_as_tie=form.cleaned_data["both_bad_as_tie"],
            allow_missing=form.cleaned_data["allow_missing"],
            created_by=account,
        )
    except StudyError as refusal:
        for problem in refusal.problems:
            form.add_error(None, problem)
        return _form(request, task_set, form)
    if found.named:
        audit.record(
            study,
            "self-naming outputs served as they are",
            actor=account.username,
            now=timezone.now(),
            detail={"outputs": len(found.named)},
        )
    messages.success(request, "The study is open. Invite the people who will judge.")
    return redirect("studies:detail", study_id=study.pk)


def _form(request: HttpRequest, task_set: TaskSet, form: StudyForm) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "studies/new.html", {"form": form, "task_set": task_set}, status=status)


@organiser_required
@require_POST
def pause(request: HttpRequest, study_id: int) -> HttpResponse:
    """Hand out no more comparisons for now."""
    study = study_or_404(study_id)
    try:
        pause_study(study, actor=account_of(request).username, now=timezone.now())
        messages.success(request, "The study is paused. Raters keep their links.")
    except StateRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("studies:detail", study_id=study.pk)


@organiser_required
@require_POST
def resume(request: HttpRequest, study_id: int) -> HttpResponse:
    """Hand out comparisons again."""
    study = study_or_404(study_id)
    try:
        resume_study(study, actor=account_of(request).username, now=timezone.now())
        messages.success(request, "The study is open again.")
    except StateRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("studies:detail", study_id=study.pk)


@organiser_required
@require_http_methods(SAFE_OR_POST)
def close(request: HttpRequest, study_id: int) -> HttpResponse:
    """Ask, then close for good."""
    study = study_or_404(study_id)
    if request.method != "POST":
        return render(request, "studies/close.html", {"study": study, "seats": queries.seats_of(study)})
    try:
        close_study(study, actor=account_of(request).username, now=timezone.now())
        messages.success(request, "The study is closed. Its results can be read now.")
    except StateRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("studies:detail", study_id=study.pk)


def study_or_404(study_id: int) -> Study:
    """The study of an address."""
    return get_object_or_404(Study.objects.select_related("task_set", "created_by"), pk=study_id)

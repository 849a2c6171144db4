"""Pages of results: which studies have a report, the report itself, and opening it early."""

import logging

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from evalapp.views.access import account_of, organiser_required, researcher_required
from raters.models import StoredReport, Study
from raters.models.reports import ReportState
from raters.reporting.building import ReportFailed
from raters.reporting.offers import offers_of
from raters.reporting.queries import progress_of, studies_with_progress, study_with_task_set
from raters.reporting.queueing import again, standing
from raters.reporting.sealing import may_read_results, open_early
from raters.tasks import announce_report

logger = logging.getLogger(__name__)
STUDIES_ON_A_PAGE = 50


@researcher_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every study, with its report or the reason why there is none yet."""
    page = Paginator(studies_with_progress(), STUDIES_ON_A_PAGE).get_page(request.GET.get("page"))
    account = account_of(request)
    readable = {study.pk for study in page if may_read_results(account, study)}
    return render(request, "reports/list.html", {"page": page, "readable": readable})


@researcher_required
@require_safe
@vary_on_headers("HX-Request")
def detail(request: HttpRequest, study_id: int) -> HttpResponse:
    """The report; or that it is sealed, or being computed, or why it could not be."""
    study = found(study_id)
    account = account_of(request)
    if not may_read_results(account, study):
        context = {"study": study, "progress": progress_of(study), "may_open": account.is_organiser}
        return render(request, "reports/sealed.html", context)
    stored = kept_or_begun(study)
    context = {"study": study, "stored": stored, "downloads": offers_of(study)}
    if "HX-Request" not in request.headers:
        return render(request, "reports/detail.html", context)
    if stored.is_underway:
        return render(request, "reports/detail.html#standing", context)
    return HttpResponseClientRefresh()


@organiser_required
@require_POST
def unseal(request: HttpRequest, study_id: int) -> HttpResponseRedirect:
    """Open the results of a study that is not closed."""
    study = found(study_id)
    if open_early(study.pk, actor=account_of(request).username, now=timezone.now()):
        messages.warning(
            request, "The results are open. The log and the report say that this was done early."
        )
    return redirect("reports:detail", study_id)


@organiser_required
@require_POST
def rebuild(request: HttpRequest, study_id: int) -> HttpResponseRedirect:
    """Try a report once more that could not be computed."""
    study = found(study_id)
    if not may_read_results(account_of(request), study):
        raise Http404
    try:
        if again(study, clock=timezone.now).unannounced:
            announce_report(study.pk)
    except ReportFailed:
        logger.exception("The report of study %s could not be computed", study.pk)
    return redirect("reports:detail", study_id)


def found(study_id: int) -> Study:
    """The study of an address. Raises Http404."""
    try:
        return study_with_task_set(study_id)
    except Study.DoesNotExist:
        raise Http404 from None


def kept_or_begun(study: Study) -> StoredReport:
    """What is kept of the report; a worker is told when it is to be computed there."""
    try:
        now = standing(study, clock=timezone.now)
    except ReportFailed:
        logger.exception("The report of study %s could not be computed", study.pk)
        return StoredReport.objects.get(study=study, state=ReportState.FAILED)
    if now.unannounced:
        announce_report(study.pk)
    return now.report

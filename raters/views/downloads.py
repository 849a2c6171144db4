"""Files of a study whose results are open."""

import tempfile

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from evalapp.generation.distilling import write_zip
from evalapp.views.access import account_of, researcher_required
from raters.distilling.preferred import NothingToDistil, preferred_examples
from raters.models import ReportFile, Study
from raters.reporting.exporting import file_stem, write_bundle
from raters.reporting.ratings import ratings_csv
from raters.reporting.sealing import may_read_results
from raters.views.reports import found, kept_or_begun

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "zip": "application/zip",
}
#: A bundle up to this size stays in memory while it is sent.
MOST_BYTES_IN_MEMORY = 8 * 1024 * 1024


@researcher_required
@require_safe
def ratings(request: HttpRequest, study_id: int) -> HttpResponseBase:
    """ratings.csv as the database writes it, in constant memory."""
    study = readable(request, study_id)
    return named(StreamingHttpResponse(ratings_csv(study.pk)), study, "ratings.csv")


@researcher_required
@require_safe
def computed(request: HttpRequest, study_id: int, name: str) -> HttpResponseBase:
    """A file that is computed from the rows."""
    study = readable(request, study_id)
    stored = kept_or_begun(study)
    if not stored.is_ready:
        return later(study)
    content = ReportFile.objects.values_list("content", flat=True).get(report=stored, name=name)
    return named(HttpResponse(bytes(content)), study, name)


@researcher_required
@require_safe
def bundle(request: HttpRequest, study_id: int) -> HttpResponseBase:
    """The zip of everything."""
    study = readable(request, study_id)
    if not kept_or_begun(study).is_ready:
        return later(study)
    file = tempfile.SpooledTemporaryFile(MOST_BYTES_IN_MEMORY)  # noqa: SIM115 - the response closes it
    write_bundle(study.pk, file)
    file.seek(0)
    return named(FileResponse(file), study, "bundle.zip")


@researcher_required
@require_safe
def training(request: HttpRequest, study_id: int) -> HttpResponseBase:
    """The outputs that raters agreed to prefer, as training data; of a closed study only."""
    study = readable(request, study_id)
    file = tempfile.SpooledTemporaryFile(MOST_BYTES_IN_MEMORY)  # noqa: SIM115 - the response closes it
    try:
        write_zip(file, preferred_examples(study))
    except NothingToDistil:
        file.close()
        raise Http404 from None
    file.seek(0)
    return named(FileResponse(file), study, "training.zip")


def readable(request: HttpRequest, study_id: int) -> Study:
    """The study of an address whose results the account may read. Raises Http404."""
    study = found(study_id)
    if not may_read_results(account_of(request), study):
        raise Http404
    return study


def named(response: HttpResponseBase, study: Study, name: str) -> HttpResponseBase:
    """The response as a file to keep, with the study in its name."""
    response["Content-Type"] = CONTENT_TYPES[name.rpartition(".")[2]]
    response["Content-Disposition"] = content_disposition_header(True, f"{file_stem(study)}-{name}") or ""
    return response


def later(study: Study) -> HttpResponse:
    """The report is not there yet."""
    return HttpResponse(
        f"The report of “{study.name}” is not computed yet. Its page shows how far it is.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "10"},
    )

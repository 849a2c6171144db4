"""Files of a run: its raw log, and its outputs as training data."""

import tempfile

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from evalapp.generation import queries
from evalapp.generation.distilling import examples_of, write_zip
from evalapp.generation.logs import log_lines
from evalapp.models import Run
from evalapp.views.access import organiser_required

#: A file up to this size stays in memory while it is sent.
MOST_BYTES_IN_MEMORY = 8 * 1024 * 1024


@organiser_required
@require_safe
def log(_request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Every request and its answer as JSON Lines, streamed."""
    run = _run_or_404(run_id)
    response = StreamingHttpResponse(log_lines(run), content_type="application/jsonl; charset=utf-8")
    return _kept(response, f"run-{run.pk}-log.jsonl")


@organiser_required
@require_safe
def distillation(_request: HttpRequest, run_id: int) -> HttpResponseBase:
    """Every usable output as a line of training data, with its provenance."""
    run = _run_or_404(run_id)
    file = tempfile.SpooledTemporaryFile(MOST_BYTES_IN_MEMORY)  # noqa: SIM115 - the response closes it
    write_zip(file, examples_of(run))
    file.seek(0)
    return _kept(FileResponse(file, content_type="application/zip"), f"run-{run.pk}-training.zip")


def _kept(response: HttpResponseBase, name: str) -> HttpResponseBase:
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _run_or_404(run_id: int) -> Run:
    return get_object_or_404(queries.runs_with_parts(), pk=run_id)

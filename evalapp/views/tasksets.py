"""Organisers' pages: tasksets."""

from django.http import Http404, HttpRequest, HttpResponse


def overview(request: HttpRequest) -> HttpResponse:
    raise Http404


def import_file(request: HttpRequest) -> HttpResponse:
    raise Http404


def detail(request: HttpRequest, task_set_id: int) -> HttpResponse:
    raise Http404


def sample(request: HttpRequest, task_set_id: int, sample_id: int) -> HttpResponse:
    raise Http404


def image(request: HttpRequest, sha256: str) -> HttpResponse:
    raise Http404

"""Organisers' pages: runs."""

from django.http import Http404, HttpRequest, HttpResponse


def overview(request: HttpRequest) -> HttpResponse:
    raise Http404


def new(request: HttpRequest) -> HttpResponse:
    raise Http404


def detail(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


def pause(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


def resume(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


def cancel(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


def retry(request: HttpRequest, run_id: int) -> HttpResponse:
    raise Http404


def generation(request: HttpRequest, run_id: int, generation_id: int) -> HttpResponse:
    raise Http404

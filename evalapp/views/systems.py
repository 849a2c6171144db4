"""Organisers' pages: systems."""

from django.http import Http404, HttpRequest, HttpResponse


def overview(request: HttpRequest) -> HttpResponse:
    raise Http404


def import_file(request: HttpRequest) -> HttpResponse:
    raise Http404


def export(request: HttpRequest) -> HttpResponse:
    raise Http404

"""A rater's page, compressed on its way out.

Compressing a secret beside words that an attacker chooses would let sizes spell the secret out. So only pages
that were asked for and found are compressed: they repeat nothing of the request. A refusal, which hands the
rater's comment back, goes out as it is; and the CSRF token in a form is masked anew for each response.
"""

import gzip
import re
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
#: Higher levels save few bytes more and cost several times as long.
LEVEL = 3
TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


def packed(view: View[P]) -> View[P]:
    """The view, its pages compressed for browsers that take it."""

    @wraps(view)
    def packing(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_vary_headers(response, ("Accept-Encoding",))
        if response.status_code == 200 and TAKES_GZIP.search(request.headers.get("Accept-Encoding", "")):
            # No time of day in the header: equal pages stay equal.
            response.content = gzip.compress(response.content, compresslevel=LEVEL, mtime=0)
            response["Content-Encoding"] = "gzip"
        return response

    return packing

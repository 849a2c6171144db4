"""Who may open a rater's page: the browser that joined, and no other. What you may not see is 404."""

from django.http import HttpRequest, HttpResponse

from raters.models import Rater

SESSION_KEY = "raters"


def remember(request: HttpRequest, rater: Rater) -> None:
    """Let this browser in as the rater, beside any it holds already. The session gets a new key."""
    request.session.cycle_key()
    held = [number for number in request.session.get(SESSION_KEY, []) if number != rater.pk]
    request.session[SESSION_KEY] = [*held, rater.pk]


def holds(request: HttpRequest, rater: Rater | None) -> bool:
    """Whether this browser has joined as the rater."""
    return rater is not None and rater.pk in request.session.get(SESSION_KEY, [])


def sealed(response: HttpResponse) -> HttpResponse:
    """A rater's response: kept nowhere, and the same headers whatever it shows."""
    response["Cache-Control"] = "no-store"
    return response

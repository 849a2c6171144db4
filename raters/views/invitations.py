"""Where an invitation link leads. Opening it changes nothing; starting does."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from raters.people.errors import LinkProblem, LinkRefused
from raters.people.inviting import find, join, refuse_unfit
from raters.studies.protocol import Protocol
from raters.views.access import holds, remember, sealed

GONE = 410


@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation's page; a post joins. The browser that has joined goes straight on to its own page."""
    now = timezone.now()
    try:
        invitation = find(token)
        if invitation.rater is not None and holds(request, invitation.rater):
            return sealed(redirect("rating:compare", token=invitation.rater.token))
        refuse_unfit(invitation, now=now)
        if request.method == "POST":
            rater = join(token, now=now)
            remember(request, rater)
            return sealed(redirect("rating:compare", token=rater.token))
    except LinkRefused as refusal:
        return _refused(request, refusal.problem)
    context = {
        "join_url": request.path,
        "total": Protocol.from_json(invitation.study.protocol).comparisons,
    }
    return sealed(render(request, "rating/join.html", context))


def _refused(request: HttpRequest, problem: LinkProblem) -> HttpResponse:
    if problem is LinkProblem.CLOSED:
        return sealed(render(request, "rating/closed.html", {"paused": False}, status=GONE))
    status = 404 if problem is LinkProblem.UNKNOWN else GONE
    return sealed(render(request, "rating/link_problem.html", {"reason": problem.value}, status=status))

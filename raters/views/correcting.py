"""Back to the last comparison, with the answer given, to change it."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from raters import queries
from raters.models import Rater
from raters.rating.correcting import correct, last_judgment
from raters.rating.errors import AnswersRefused, LeaseUnknown, NotCorrectable, RatingError
from raters.rating.tokens import lease_of
from raters.views.access import holds, sealed
from raters.views.questions import answers_in, entered_of
from raters.views.rating import Draft, Remark, next_page, reported_by, shown


@require_http_methods(["GET", "HEAD", "POST"])
def last(request: HttpRequest, token: str) -> HttpResponse:
    """The last comparison as it was judged. A post changes the answer and leads back to the one in hand."""
    rater = queries.rater_by_token(token)
    if rater is None or not holds(request, rater):
        return sealed(render(request, "rating/link_problem.html", {"reason": "unknown"}, status=404))
    part = "#main" if request.headers.get("X-Requested-With") == "fetch" else ""
    remark = Remark()
    try:
        if request.method == "POST":
            remark = _corrected(request, rater)
            if remark.status == 200:
                if part:
                    return next_page(request, rater, Remark(), part=part)
                return sealed(HttpResponseRedirect(reverse("rating:compare", args=[token]), status=303))
        return _page(request, rater, remark, part=part)
    except (NotCorrectable, LeaseUnknown):
        context = {"home_url": reverse("rating:compare", args=[token])}
        return sealed(render(request, f"rating/too_late.html{part}", context, status=409))
    except RatingError:
        # Closed, or the rater has left: the rater's page itself says so.
        return next_page(request, rater, Remark(409), part=part)


def _corrected(request: HttpRequest, rater: Rater) -> Remark:
    answers, entered = answers_in(request.POST)
    comment = request.POST.get("comment", "")
    revision = request.POST.get("revision", "")
    try:
        correct(
            rater_id=rater.pk,
            lease=lease_of(request.POST.get("lease_token", ""), rater_id=rater.pk),
            answers=answers,
            comment=comment,
            reported=reported_by(request),
            revision=int(revision) if revision.isdecimal() and len(revision) < 5 else None,
            now=timezone.now(),
        )
    except AnswersRefused:
        return Remark(400, _("Please answer every question."), Draft(entered, comment))
    return Remark()


def _page(request: HttpRequest, rater: Rater, remark: Remark, *, part: str) -> HttpResponse:
    judged = last_judgment(rater.pk, now=timezone.now())
    draft = remark.draft or Draft(entered_of(judged.answers), judged.comment)
    return shown(
        request,
        rater,
        judged.seat_id,
        judged.lease,
        Remark(remark.status, remark.error, draft),
        progress=queries.progress_of(rater),
        address=reverse("rating:last", args=[rater.token]),
        part=part,
        more={
            "revision": judged.revision + 1,
            "home_url": reverse("rating:compare", args=[rater.token]),
        },
    )

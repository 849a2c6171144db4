"""Passing on the comparison in hand."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from raters import queries
from raters.models import Rater
from raters.rating.errors import LeaseUnknown, RatingError, SkipRefused
from raters.rating.skipping import skip
from raters.rating.tokens import lease_of
from raters.views.access import holds, sealed
from raters.views.questions import answers_in
from raters.views.rating import Draft, Remark, next_page


@require_POST
def skip_it(request: HttpRequest, token: str) -> HttpResponse:
    """Give the comparison back to the others and lead on to the next one."""
    rater = queries.rater_by_token(token)
    if rater is None or not holds(request, rater):
        return sealed(render(request, "rating/link_problem.html", {"reason": "unknown"}, status=404))
    part = "#main" if request.headers.get("X-Requested-With") == "fetch" else ""
    remark = _skipped(request, rater)
    if remark.status == 200 and not part:
        return sealed(HttpResponseRedirect(reverse("rating:compare", args=[token]), status=303))
    return next_page(request, rater, remark, part=part)


def _skipped(request: HttpRequest, rater: Rater) -> Remark:
    comment = request.POST.get("comment", "")
    try:
        skip(
            rater_id=rater.pk,
            lease=lease_of(request.POST.get("lease_token", ""), rater_id=rater.pk),
            reason=request.POST.get("skip", ""),
            note=comment,
            now=timezone.now(),
        )
    except SkipRefused:
        return Remark(
            400, _("Please choose a reason for skipping."), Draft(answers_in(request.POST)[1], comment)
        )
    except LeaseUnknown:
        return Remark(409, _("That comparison belonged to another page. Here is yours."))
    except RatingError:
        # Closed, or the rater has left: the page itself says so.
        return Remark(409)
    return Remark()

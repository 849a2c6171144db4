"""The rater's page: one comparison; answering it brings the next."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from evalapp.models import Image
from raters import queries
from raters.models import Rater, Seat
from raters.models.seats import JudgmentStatus
from raters.queries import Progress
from raters.rating.blinding import blind_comparison
from raters.rating.errors import AnswersRefused, LeaseUnknown, RatingError
from raters.rating.judging import SubmitResult, submit
from raters.rating.leasing import Held, Lease, Nothing, claim
from raters.rating.timing import Reported, milliseconds
from raters.rating.tokens import lease_of, page_token
from raters.views.access import holds, sealed
from raters.views.questions import answers_in, questions_of

CHANCE = secrets.SystemRandom()
ENDINGS = {
    Nothing.DONE: "rating/thanks.html",
    Nothing.WAITING: "rating/waiting.html",
    Nothing.PAUSED: "rating/closed.html",
    Nothing.CLOSED: "rating/closed.html",
    Nothing.LEFT: "rating/closed.html",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What the rater had entered in a form that could not be taken."""

    entered: dict[str, str]
    comment: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What the next page says about the last answer."""

    status: int = 200
    error: str = ""
    draft: Draft | None = None
    just_judged: int = 0


@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: HttpRequest, token: str) -> HttpResponse:
    """The comparison in the rater's hands. A post stores the answer and leads on to the next one."""
    rater = queries.rater_by_token(token)
    if rater is None or not holds(request, rater):
        return sealed(render(request, "rating/link_problem.html", {"reason": "unknown"}, status=404))
    if request.method != "POST":
        return next_page(request, rater, Remark())
    remark = _taken(request, rater)
    by_script = request.headers.get("X-Requested-With") == "fetch"
    if remark.status == 200 and not remark.error and not by_script:
        return sealed(HttpResponseRedirect(reverse("rating:compare", args=[token]), status=303))
    return next_page(request, rater, remark, part="#main" if by_script else "")


@require_safe
def image(request: HttpRequest, token: str, seat_token: str) -> HttpResponse:
    """The picture of a seat, for the rater who holds it. Its address and its bytes name nothing."""
    rater = queries.rater_by_token(token)
    if rater is None or not holds(request, rater):
        return _no_image()
    seat = Seat.objects.filter(token=seat_token, rater=rater).select_related("comparison__sample").first()
    shown = seat.comparison.sample.payload.get("image") if seat else None
    stored = Image.objects.filter(sha256=shown["sha256"]).first() if shown else None
    if stored is None:
        return _no_image()
    return sealed(HttpResponse(bytes(stored.data), content_type=stored.media_type))


def _no_image() -> HttpResponse:
    return sealed(HttpResponse(status=404, content_type="text/plain"))


def _taken(request: HttpRequest, rater: Rater) -> Remark:
    answers, entered = answers_in(request.POST)
    comment = request.POST.get("comment", "")
    try:
        result = submit(
            rater_id=rater.pk,
            lease=lease_of(request.POST.get("lease_token", ""), rater_id=rater.pk),
            answers=answers,
            comment=comment,
            reported=reported_by(request),
            now=timezone.now(),
        )
    except AnswersRefused:
        return Remark(400, _("Please answer every question."), Draft(entered, comment))
    except LeaseUnknown:
        return Remark(
            409, _("That answer belonged to another page and was not stored. Here is your comparison.")
        )
    except RatingError:
        # Closed, or the rater has left: the page itself says so.
        return Remark(409)
    return _about(result)


def _about(result: SubmitResult) -> Remark:
    if result.status == JudgmentStatus.SURPLUS:
        return Remark(
            error=_(
                "Your last answer came after its time had run out, and somebody else has judged that "
                "comparison. Your answer is kept, but not counted."
            )
        )
    return Remark(just_judged=0 if result.repeated else 1)


def reported_by(request: HttpRequest) -> Reported:
    """What the page measured."""
    return Reported(
        opened_ms=milliseconds(request.POST.get("opened_ms", "")),
        first_action_ms=milliseconds(request.POST.get("first_action_ms", "")),
        active_ms=milliseconds(request.POST.get("active_ms", "")),
    )


def next_page(request: HttpRequest, rater: Rater, remark: Remark, *, part: str = "") -> HttpResponse:
    """The comparison in the rater's hands, or why there is none."""
    claimed = claim(rater_id=rater.pk, now=timezone.now(), chance=CHANCE)
    progress = queries.progress_of(rater, just_judged=remark.just_judged)
    address = reverse("rating:compare", args=[rater.token])
    if not isinstance(claimed, Held):
        context: dict[str, object] = {
            "progress": progress,
            "paused": claimed is Nothing.PAUSED,
            "rating_url": address,
            "last_url": reverse("rating:last", args=[rater.token]),
        }
        return sealed(render(request, ENDINGS[claimed] + part, context, status=remark.status))
    return shown(
        request, rater, claimed.seat_id, claimed.lease, remark, progress=progress, part=part, address=address
    )


def shown(
    request: HttpRequest,
    rater: Rater,
    seat_id: int,
    lease: Lease,
    remark: Remark,
    *,
    progress: Progress,
    address: str,
    part: str = "",
    more: Mapping[str, object] | None = None,
) -> HttpResponse:
    """The comparison of a seat with its form, which posts to ``address``."""
    comparison = blind_comparison(seat_id)
    questions = questions_of(comparison, remark.draft.entered if remark.draft else {})
    context: dict[str, object] = {
        "comparison": comparison,
        "questions": questions,
        "one_press": len(questions) == 1,
        "progress": progress,
        "lease_token": page_token(lease, rater_id=rater.pk),
        "submit_url": address,
        "last_url": reverse("rating:last", args=[rater.token]),
        "skip_url": reverse("rating:skip", args=[rater.token]),
        "image_url": reverse("rating:image", args=[rater.token, comparison.token])
        if comparison.kind == "caption"
        else "",
        "error": remark.error,
        "draft": remark.draft,
        **(more or {}),
    }
    return sealed(render(request, f"rating/compare.html{part}", context, status=remark.status))

"""Changing the last judgment, for a while: the earlier answer stays in the database, superseded."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from raters.models import Judgment
from raters.models.seats import JudgmentStatus
from raters.rating.answers import Answers, Given
from raters.rating.errors import NotCorrectable
from raters.rating.judging import SubmitResult, refuse_late, seat_of, store
from raters.rating.leasing import Lease
from raters.rating.standing import lock_standing
from raters.rating.timing import Reported, timing

#: How long after it was given a judgment can be changed.
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LastJudgment:
    """The rater's latest judgment as given. A correction of it is sent with the next ``revision``."""

    seat_id: int
    lease: Lease
    revision: int
    answers: dict[str, Given]
    comment: str


def last_judgment(rater_id: int, *, now: datetime) -> LastJudgment:
    """What the rater may change ``now``. Raises a ``RatingError`` when there is nothing."""
    with transaction.atomic():
        refuse_late(lock_standing(rater_id))
        judgment = _latest(rater_id)
        if judgment is None or judgment.status != JudgmentStatus.COUNTED:
            raise NotCorrectable("There is no answer to change.")
        _refuse_old(judgment, now)
        answers = {
            answer.criterion: Given(
                answer.choice_shown, answer.strength, answer.score_left, answer.score_right
            )
            for answer in judgment.answers.all()
        }
    lease = Lease(judgment.seat.token, judgment.lease_token)
    return LastJudgment(judgment.seat_id, lease, judgment.revision, answers, judgment.comment)


def correct(
    *,
    rater_id: int,
    lease: Lease,
    answers: Answers,
    now: datetime,
    comment: str = "",
    reported: Reported | None = None,
    revision: int | None = None,
) -> SubmitResult:
    """Change the rater's latest judgment: a new row supersedes it, history is kept.

    ``revision`` is the one the correction is to be (default: the next); sent again it adds nothing. Raises
    ``NotCorrectable`` when another judgment came since or the time for it is over; otherwise as ``submit``.
    """
    with transaction.atomic():
        standing = lock_standing(rater_id)
        latest = _latest(rater_id)
        if latest is not None and latest.lease_token == lease.token and latest.revision == revision:
            return SubmitResult(latest.pk, JudgmentStatus(latest.status), repeated=True)
        refuse_late(standing)
        if latest is None or latest.lease_token != lease.token:
            raise NotCorrectable("Only your latest judgment can be changed.")
        if revision not in {None, latest.revision + 1}:
            raise NotCorrectable("This answer has been changed since, on another page.")
        _refuse_old(latest, now)
        seat = seat_of(lease, standing)
        judgment_id = store(
            standing,
            lease,
            seat_id=latest.seat_id,
            status=JudgmentStatus(latest.status),
            revision=latest.revision + 1,
            answers=seat.checked(answers),
            comment=comment,
            times=timing(reported or Reported(), leased_at=latest.opened_at, now=now),
            fills=False,
        )
    return SubmitResult(judgment_id, JudgmentStatus(latest.status), repeated=False)


def _latest(rater_id: int) -> Judgment | None:
    return Judgment.objects.filter(rater_id=rater_id).select_related("seat").order_by("-pk").first()


def _refuse_old(judgment: Judgment, now: datetime) -> None:
    if now - judgment.submitted_at > WINDOW:
        raise NotCorrectable("The time for changing this answer is over.")

"""Taking a judgment: stored once per lease, counted if the seat is free or the rater's own, else surplus."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from raters.models.people import RaterState
from raters.models.seats import JudgmentStatus, SeatState
from raters.models.studies import StudyState
from raters.rating.answers import Answers, Asked, Given, checked
from raters.rating.errors import LeaseUnknown, RaterLeft, StudyClosed
from raters.rating.leasing import Lease
from raters.rating.standing import Standing, lock_standing
from raters.rating.timing import Reported, Timing, timing

MOST_COMMENT_CHARACTERS = 5_000

# The seat waits for a claim that has it in hand; a judgment under the same lease can only be this rater's
# own.
SEAT_OF_LEASE = """
    SELECT seat.id, seat.state, seat.rater_id, seat.opened_at,
           (SELECT count(*) FROM raters_seat own
            WHERE own.comparison_id = seat.comparison_id AND own.rater_id = %(rater)s AND own.id <> seat.id),
           judgment.id, judgment.status,
           ARRAY(SELECT jsonb_array_elements(study.protocol -> 'criteria') ->> 'key'),
           coalesce((study.protocol ->> 'graded')::boolean, false),
           coalesce(jsonb_array_length(study.protocol -> 'scale'), 0)
    FROM raters_seat seat
    JOIN raters_study study ON study.id = seat.study_id
    LEFT JOIN raters_judgment judgment
      ON judgment.lease_token = %(token)s AND judgment.revision = 0 AND judgment.rater_id = %(rater)s
    WHERE seat.token = %(seat_token)s AND seat.study_id = %(study)s
    FOR NO KEY UPDATE OF seat
"""

# One statement stores the judgment with its answers and, when it counts, fills the seat and the rater's
# tally.
STORE = """
    WITH stored AS (
        INSERT INTO raters_judgment
            (study_id, seat_id, rater_id, status, revision, lease_token, comment,
             opened_at, first_action_at, submitted_at, active_ms)
        VALUES
            (%(study)s, %(seat)s, %(rater)s, %(status)s, %(revision)s, %(token)s, %(comment)s,
             %(opened_at)s, %(first_action_at)s, %(submitted_at)s, %(active_ms)s)
        RETURNING id
    ), answered AS (
        INSERT INTO raters_answer (judgment_id, criterion, choice_shown, strength, score_left, score_right)
        SELECT stored.id, given.*
        FROM stored, unnest(%(criteria)s::text[], %(choices)s::text[], %(strengths)s::smallint[],
            %(scores_left)s::smallint[], %(scores_right)s::smallint[]) AS given
    ), seated AS (
        UPDATE raters_seat
        SET state = 'judged', rater_id = %(rater)s, lease_token = %(token)s, lease_until = NULL
        WHERE id = %(seat)s AND %(fills)s
    ), tallied AS (
        UPDATE raters_ratercursor
        SET judged = judged + %(fills)s::int, held_seat_id = nullif(held_seat_id, %(seat)s)
        WHERE rater_id = %(rater)s AND %(revision)s = 0
    )
    SELECT id FROM stored
"""


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What became of a submission. ``repeated``: it had been stored before, and nothing was added."""

    judgment_id: int
    status: JudgmentStatus
    repeated: bool


@dataclass(frozen=True, slots=True)
class SeatOfLease:
    """The seat a lease names, what its study asks, and the judgment stored under the lease, if any."""

    seat_id: int
    state: str
    rater_id: int | None
    opened_at: datetime | None
    own_elsewhere: int
    judgment_id: int | None
    judgment_status: str | None
    criteria: list[str]
    graded: bool
    points: int

    def checked(self, answers: Answers) -> dict[str, Given]:
        """The answers in the order asked. Raises ``AnswersRefused``."""
        return checked(answers, Asked(self.criteria, self.graded, self.points))


def submit(
    *,
    rater_id: int,
    lease: Lease,
    answers: Answers,
    now: datetime,
    comment: str = "",
    reported: Reported | None = None,
) -> SubmitResult:
    """Store the rater's answers under the lease, once.

    The same lease again returns the first result, also after closing. A lease that ran out still counts
    while the seat is free; once somebody else has it, the judgment is kept as surplus and never counted.
    Raises a ``RatingError`` before anything is written.
    """
    with transaction.atomic():
        standing = lock_standing(rater_id)
        seat = seat_of(lease, standing)
        if seat.judgment_id is not None:
            return SubmitResult(seat.judgment_id, JudgmentStatus(seat.judgment_status or ""), repeated=True)
        refuse_late(standing)
        counts = _counts(seat, standing)
        status = JudgmentStatus.COUNTED if counts else JudgmentStatus.SURPLUS
        judgment_id = store(
            standing,
            lease,
            seat_id=seat.seat_id,
            status=status,
            revision=0,
            answers=seat.checked(answers),
            comment=comment,
            times=timing(reported or Reported(), leased_at=seat.opened_at if counts else None, now=now),
            fills=counts,
        )
    return SubmitResult(judgment_id, status, repeated=False)


def seat_of(lease: Lease, standing: Standing) -> SeatOfLease:
    """The seat of a lease, locked. Raises ``LeaseUnknown``."""
    with connection.cursor() as cursor:
        cursor.execute(
            SEAT_OF_LEASE,
            {
                "rater": standing.rater_id,
                "token": lease.token,
                "seat_token": lease.seat_token,
                "study": standing.study_id,
            },
        )
        row = cursor.fetchone()
    if row is None:
        raise LeaseUnknown("This comparison is not part of your study.")
    return SeatOfLease(*row)


def refuse_late(standing: Standing) -> None:
    """Raise ``StudyClosed`` or ``RaterLeft`` where nothing more is taken."""
    # A paused study takes what is under way; it only hands out nothing new.
    if standing.study_state == StudyState.CLOSED:
        raise StudyClosed("The study was closed before this judgment arrived.")
    if standing.rater_state == RaterState.LEFT:
        raise RaterLeft("You have left this study.")


def _counts(seat: SeatOfLease, standing: Standing) -> bool:
    if seat.state == SeatState.LEASED:
        return seat.rater_id == standing.rater_id
    # One judgment per rater and comparison: the rater may have been given another seat of it meanwhile.
    return seat.state == SeatState.OPEN and seat.own_elsewhere == 0


def store(
    standing: Standing,
    lease: Lease,
    *,
    seat_id: int,
    status: JudgmentStatus,
    revision: int,
    answers: Mapping[str, Given],
    comment: str,
    times: Timing,
    fills: bool,
) -> int:
    """Store a judgment with its answers; its number. ``fills``: it counts and takes the seat."""
    # PostgreSQL's text cannot hold NUL; nobody means it.
    comment = comment.replace("\0", "").strip()[:MOST_COMMENT_CHARACTERS]
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            {
                "study": standing.study_id,
                "seat": seat_id,
                "rater": standing.rater_id,
                "status": status.value,
                "revision": revision,
                "token": lease.token,
                "comment": comment,
                "opened_at": times.opened_at,
                "first_action_at": times.first_action_at,
                "submitted_at": times.submitted_at,
                "active_ms": times.active_ms,
                "criteria": list(answers),
                "choices": [given.choice for given in answers.values()],
                "strengths": [given.strength for given in answers.values()],
                "scores_left": [given.score_left for given in answers.values()],
                "scores_right": [given.score_right for given in answers.values()],
                "fills": fills,
            },
        )
        (judgment_id,) = cursor.fetchone()
        return int(judgment_id)

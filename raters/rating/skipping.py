"""Passing on a comparison: the seat goes back to the others, and the reason is kept."""

from datetime import datetime

from django.db import connection, transaction

from raters import audit
from raters.models import Rater
from raters.models.seats import SkipReason
from raters.rating.errors import SkipRefused
from raters.rating.judging import MOST_COMMENT_CHARACTERS, refuse_late, seat_of
from raters.rating.leasing import Lease
from raters.rating.sides import LONGEST
from raters.rating.standing import lock_standing

# The side is owed again, so that skipping does not tilt which system stands left for the rater.
SKIP = """
    WITH freed AS (
        UPDATE raters_seat
        SET state = 'open', rater_id = NULL, lease_token = NULL, lease_until = NULL, opened_at = NULL,
            place = nextval('raters_tail_place')
        WHERE id = %(seat)s AND state = 'leased' AND rater_id = %(rater)s AND lease_token = %(token)s
        RETURNING shown_left
    ), let_go AS (
        UPDATE raters_ratercursor
        SET held_seat_id = nullif(held_seat_id, %(seat)s),
            sides = left(coalesce((SELECT shown_left FROM freed), '') || sides, %(longest)s)
        WHERE rater_id = %(rater)s
    )
    INSERT INTO raters_skip (study_id, comparison_id, rater_id, reason, note, at)
    SELECT study_id, comparison_id, %(rater)s, %(reason)s, %(note)s, %(now)s
    FROM raters_seat WHERE id = %(seat)s
    ON CONFLICT (comparison_id, rater_id) DO NOTHING
    RETURNING comparison_id
"""


def skip(*, rater_id: int, lease: Lease, reason: str, now: datetime, note: str = "") -> bool:
    """Pass on the comparison of the lease, for good; whether that is new.

    A comparison that was judged under the lease, or skipped before, stays as it is. Raises a ``RatingError``
    before anything is written.
    """
    if reason not in SkipReason.values:
        raise SkipRefused("Choose why you pass on this comparison.")
    note = note.replace("\0", "").strip()[:MOST_COMMENT_CHARACTERS]
    with transaction.atomic():
        standing = lock_standing(rater_id)
        refuse_late(standing)
        seat = seat_of(lease, standing)
        if seat.judgment_id is not None:
            return False
        with connection.cursor() as cursor:
            cursor.execute(
                SKIP,
                {
                    "seat": seat.seat_id,
                    "rater": rater_id,
                    "token": lease.token,
                    "reason": reason,
                    "note": note,
                    "now": now,
                    "longest": LONGEST,
                },
            )
            row = cursor.fetchone()
        if row is None:
            return False
        rater = Rater.objects.select_related("study").get(pk=rater_id)
        detail = {"comparison": row[0], "reason": reason, "note": note}
        audit.record(rater.study, "comparison skipped", actor=rater.pseudonym, now=now, detail=detail)
    return True

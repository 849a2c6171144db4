"""Bringing seats back: abandoned leases, and open seats that raters who could take them have passed.

A seat that comes back gets a fresh place at the tail of its queue, where every cursor still has it ahead.
"""

from datetime import datetime

from django.db import connection

#: Seats changed in one statement, so that no lock is held for long.
BATCH = 500

RELEASE_EXPIRED = """
    WITH expired AS MATERIALIZED (
        SELECT id FROM raters_seat WHERE state = 'leased' AND lease_until < %(now)s AND (%(study)s::bigint IS
        NULL OR study_id = %(study)s) ORDER BY lease_until LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE raters_seat seat
    SET state = 'open', rater_id = NULL, lease_token = NULL, lease_until = NULL, opened_at = NULL,
        place = nextval('raters_tail_place')
    FROM expired
    WHERE seat.id = expired.id
"""

# Such a seat was being claimed by somebody whose transaction was rolled back while another rater walked by.
# Only seats behind the furthest cursor of the study are looked at, which are few.
BRING_FORWARD = """
    WITH passed AS MATERIALIZED (
        SELECT seat.id
        FROM raters_study study
        CROSS JOIN (VALUES ('a'), ('b')) AS queue (side)
        CROSS JOIN LATERAL (
            SELECT max(CASE queue.side WHEN 'a' THEN cur.place_a ELSE cur.place_b END) AS furthest
            FROM raters_ratercursor cur JOIN raters_rater rater ON rater.id = cur.rater_id
            WHERE rater.study_id = study.id AND rater.state = 'active'
        ) walked
        JOIN raters_seat seat
          ON seat.study_id = study.id AND seat.shown_left = queue.side AND seat.state = 'open'
             AND seat.place <= walked.furthest
        WHERE study.state = 'open'
          AND EXISTS (
            SELECT 1
            FROM raters_rater rater JOIN raters_ratercursor cur ON cur.rater_id = rater.id
            WHERE rater.study_id = study.id AND rater.state = 'active'
              AND CASE queue.side WHEN 'a' THEN cur.place_a ELSE cur.place_b END >= seat.place
              AND (SELECT count(*) FROM raters_seat own
                   WHERE own.comparison_id = seat.comparison_id AND own.rater_id = rater.id) = 0
              AND (SELECT count(*) FROM raters_skip skip
                   WHERE skip.comparison_id = seat.comparison_id AND skip.rater_id = rater.id) = 0)
        ORDER BY seat.id
        LIMIT %(most)s
        FOR NO KEY UPDATE OF seat SKIP LOCKED
    )
    UPDATE raters_seat seat
    SET place = nextval('raters_tail_place')
    FROM passed
    WHERE seat.id = passed.id
"""


def release_expired(*, now: datetime, study_id: int | None = None) -> int:
    """Open up to a batch of seats whose lease ran out, of one study or of all; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE_EXPIRED, {"now": now, "study": study_id, "most": BATCH})
        return int(cursor.rowcount)


def bring_forward() -> int:
    """Move up to a batch of passed seats to the tail of their queues; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(BRING_FORWARD, {"most": BATCH})
        return int(cursor.rowcount)

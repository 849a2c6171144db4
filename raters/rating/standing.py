"""Where a rater stands, read under the lock that makes everything a rater does happen one after the other."""

from dataclasses import dataclass

from django.db import connection

# The cursor row's lock holds off the rater's other tabs. The study's share lock waits for a study that is
# being closed, so that no judgment slips in behind the closing, and disturbs nobody else.
LOCK = """
    SELECT rater.study_id, rater.state, study.state, cur.place_a, cur.place_b, cur.sides, cur.held_seat_id
    FROM raters_ratercursor cur
    JOIN raters_rater rater ON rater.id = cur.rater_id
    JOIN raters_study study ON study.id = rater.study_id
    WHERE cur.rater_id = %s
    FOR NO KEY UPDATE OF cur FOR KEY SHARE OF study
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A rater's cursor with the states that decide what the rater may do."""

    rater_id: int
    study_id: int
    rater_state: str
    study_state: str
    place_a: int
    place_b: int
    sides: str
    held_seat_id: int | None


def lock_standing(rater_id: int) -> Standing:
    """The rater's standing, locked until the transaction ends. Every rater has a cursor from joining on."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [rater_id])
        row = cursor.fetchone()
    if row is None:
        raise LookupError(f"rater {rater_id} has no cursor row")
    return Standing(rater_id, *row)

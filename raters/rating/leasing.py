"""Claiming a seat: the rater's place in two queues, one conditional update, never a count.

A seat is leased to one rater at a time. Claims walk the study's two queues (one for each output on the left)
from the rater's cursor on, so that a claim costs the same in a study of a thousand seats and of millions.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection, transaction

from raters.models import Seat
from raters.models.people import RaterState
from raters.models.seats import SeatState
from raters.models.studies import StudyState
from raters.rating import sides
from raters.rating.releasing import release_expired
from raters.rating.standing import Standing, lock_standing
from raters.studies.pairing import OTHER, Side

LEASE = timedelta(minutes=30)
#: How many seats behind the cursor one claim looks at when nothing lies ahead. Further ones come back by
#: the tail.
MOST_BEHIND = 1_000

# `(SELECT count(*) …) = 0` and not `NOT EXISTS`: the planner would turn that into a join over every seat.
FREE_SEAT = """
    WITH free AS MATERIALIZED (
        SELECT seat.id, seat.place
        FROM raters_seat seat
        WHERE seat.study_id = %(study)s AND seat.shown_left = %(side)s AND seat.state = 'open'
          AND seat.place > %(after)s
          AND (SELECT count(*) FROM raters_seat own
               WHERE own.comparison_id = seat.comparison_id AND own.rater_id = %(rater)s) = 0
          AND (SELECT count(*) FROM raters_skip passed
               WHERE passed.comparison_id = seat.comparison_id AND passed.rater_id = %(rater)s) = 0
        ORDER BY seat.place
        LIMIT 1
        FOR NO KEY UPDATE OF seat SKIP LOCKED
    ),
"""
PASSED_SEAT = """
    WITH free AS MATERIALIZED (
        SELECT seat.id, seat.place
        FROM raters_seat seat
        WHERE seat.id IN (
                SELECT id FROM raters_seat
                WHERE study_id = %(study)s AND shown_left = %(side)s AND state = 'open' AND place <= %(after)s
                ORDER BY place LIMIT %(most)s)
          AND seat.state = 'open'
          AND (SELECT count(*) FROM raters_seat own
               WHERE own.comparison_id = seat.comparison_id AND own.rater_id = %(rater)s) = 0
          AND (SELECT count(*) FROM raters_skip passed
               WHERE passed.comparison_id = seat.comparison_id AND passed.rater_id = %(rater)s) = 0
        ORDER BY seat.place
        LIMIT 1
        FOR NO KEY UPDATE OF seat SKIP LOCKED
    ),
"""
TAKE_IT = """
    leased AS (
        UPDATE raters_seat seat
        SET state = 'leased', rater_id = %(rater)s, lease_token = %(token)s, lease_until = %(until)s,
            opened_at = %(now)s
        FROM free
        WHERE seat.id = free.id
        RETURNING seat.id, seat.token, free.place
    )
    UPDATE raters_ratercursor cur
    SET held_seat_id = leased.id,
        sides = %(sides)s,
        place_a = CASE %(side)s WHEN 'a' THEN greatest(cur.place_a, leased.place) ELSE cur.place_a END,
        place_b = CASE %(side)s WHEN 'b' THEN greatest(cur.place_b, leased.place) ELSE cur.place_b END
    FROM leased
    WHERE cur.rater_id = %(rater)s
    RETURNING leased.id, leased.token
"""
CLAIM_AHEAD = FREE_SEAT + TAKE_IT
CLAIM_BEHIND = PASSED_SEAT + TAKE_IT

# A queue that holds nothing more for this rater is left at its end, so that the next claim need not walk it
# again.
TO_THE_END = """
    UPDATE raters_ratercursor cur
    SET place_a = CASE %(side)s WHEN 'a' THEN greatest(cur.place_a, tail.place) ELSE cur.place_a END,
        place_b = CASE %(side)s WHEN 'b' THEN greatest(cur.place_b, tail.place) ELSE cur.place_b END
    FROM (SELECT coalesce(max(place), 0) AS place FROM raters_seat
          WHERE study_id = %(study)s AND shown_left = %(side)s AND state = 'open') tail
    WHERE cur.rater_id = %(rater)s
    RETURNING CASE %(side)s WHEN 'a' THEN cur.place_a ELSE cur.place_b END
"""

# A seat that others hold could come back to this rater.
OUT_WITH_OTHERS = """
    SELECT 1
    FROM raters_seat seat
    WHERE seat.study_id = %(study)s AND seat.state = 'leased' AND seat.rater_id <> %(rater)s
      AND (SELECT count(*) FROM raters_seat own
           WHERE own.comparison_id = seat.comparison_id AND own.rater_id = %(rater)s) = 0
      AND (SELECT count(*) FROM raters_skip passed
           WHERE passed.comparison_id = seat.comparison_id AND passed.rater_id = %(rater)s) = 0
    LIMIT 1
"""
#: Beyond every place there can be.
EVERYWHERE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Lease:
    """What a rater's page carries: which seat, and under which token the judgment will be stored once."""

    seat_token: str
    token: uuid.UUID


@dataclass(frozen=True, slots=True)
class Held:
    """A seat leased to the rater until ``lease_until``."""

    seat_id: int
    lease: Lease
    lease_until: datetime


class Nothing(StrEnum):
    """Why there is no seat. ``waiting``: some are out with others and may come back; ``done``: none can."""

    DONE = "done"
    WAITING = "waiting"
    PAUSED = "paused"
    CLOSED = "closed"
    LEFT = "left"


def claim(*, rater_id: int, now: datetime, chance: random.Random, lease: timedelta = LEASE) -> Held | Nothing:
    """The seat the rater holds already, or the next free one, leased for ``lease``; or why there is none.

    Reload, Back and a second tab get the seat that is held, until it is judged or has gone to somebody else.
    ``chance`` draws which output shall stand left next (``raters/rating/sides.py``).
    """
    with transaction.atomic():
        standing = lock_standing(rater_id)
        if (barred := _barred(standing)) is not None:
            return barred
        held = _held(standing, now=now, lease=lease)
        if held is not None:
            return held
        return _next(standing, now=now, chance=chance, lease=lease)


def _barred(standing: Standing) -> Nothing | None:
    if standing.study_state == StudyState.CLOSED:
        return Nothing.CLOSED
    if standing.rater_state == RaterState.LEFT:
        return Nothing.LEFT
    if standing.study_state == StudyState.PAUSED or standing.rater_state == RaterState.PAUSED:
        return Nothing.PAUSED
    return None


def _held(standing: Standing, *, now: datetime, lease: timedelta) -> Held | None:
    if standing.held_seat_id is None:
        return None
    # An expired lease counts as long as nobody took the seat back: the rater sits before that very page.
    seat = Seat.objects.filter(
        pk=standing.held_seat_id, rater=standing.rater_id, state=SeatState.LEASED
    ).first()
    if seat is None or seat.lease_token is None or seat.lease_until is None:
        return None
    until = seat.lease_until
    if until - now < lease / 2:
        until = now + lease
        kept = Seat.objects.filter(pk=seat.pk, rater=standing.rater_id, state=SeatState.LEASED)
        if not kept.update(lease_until=until):
            return None
    return Held(seat.pk, Lease(seat.token, seat.lease_token), until)


def _next(standing: Standing, *, now: datetime, chance: random.Random, lease: timedelta) -> Held | Nothing:
    owed = sides.owed(standing.sides, chance)
    wanted: Side = "a" if owed[0] == "a" else "b"
    queues: tuple[Side, Side] = (wanted, OTHER[wanted])
    after = {"a": standing.place_a, "b": standing.place_b}
    attempt = _Attempt(standing, owed, now, now + lease)
    for side in queues:
        if held := attempt.take(CLAIM_AHEAD, side, after[side]):
            return held
        after[side] = attempt.pass_by(side)
    # Nothing lies ahead. What may be left was abandoned, or was passed while somebody else had it in hand.
    release_expired(study_id=standing.study_id, now=now)
    for side in queues:
        if held := attempt.take(CLAIM_AHEAD, side, after[side]):
            return held
    for side in queues:
        if held := attempt.take(CLAIM_BEHIND, side, EVERYWHERE):
            return held
    return Nothing.WAITING if attempt.may_come_back() else Nothing.DONE


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One claim's constants, and the statements it may need."""

    standing: Standing
    owed: str
    now: datetime
    until: datetime

    def take(self, query: str, side: Side, after: int) -> Held | None:
        token = uuid.uuid4()
        row = self._row(
            query,
            side=side,
            after=after,
            most=MOST_BEHIND,
            token=token,
            now=self.now,
            until=self.until,
            sides=sides.paid(self.owed, side),
        )
        return Held(row[0], Lease(row[1], token), self.until) if row else None

    def pass_by(self, side: Side) -> int:
        row = self._row(TO_THE_END, side=side)
        return int(row[0]) if row else 0

    def may_come_back(self) -> bool:
        return self._row(OUT_WITH_OTHERS) is not None

    def _row(self, query: str, **values: str | int | datetime | uuid.UUID) -> tuple[Any, ...] | None:
        values |= {"study": self.standing.study_id, "rater": self.standing.rater_id}
        with connection.cursor() as cursor:
            cursor.execute(query, values)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

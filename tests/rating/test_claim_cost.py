"""A claim reads a handful of pages, however large the study and however far the rater: counted, not timed."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from raters.models import Rater, RaterCursor, Seat, Study
from raters.rating.leasing import CLAIM_AHEAD
from raters.studies.pairing import Side
from tests.studies.casting import NOON, make_raters, make_study

# Committed and then truncated: what is rolled back would stay behind as dead rows that slow every later test.
pytestmark = pytest.mark.django_db(transaction=True)

MOST_BUFFERS = 50
SYSTEMS = tuple(f"system {number}" for number in range(12))
PAIRS = 66
#: Samples for so many seats: 66 pairs of systems and three raters each.
SIZES = {3_000: 16, 300_000: 1_516}

# Everything up to a place judged by eight raters in turn, who have a seat of each comparison at most once.
JUDGED_UP_TO = """
    UPDATE raters_seat
    SET state = 'judged', lease_token = gen_random_uuid(),
        rater_id = (%(raters)s::bigint[])[1 + (number + comparison_id) %% 8]
    WHERE study_id = %(study)s AND place <= %(place)s
"""


def buffers(study: Study, rater: Rater, side: Side) -> int:
    """Shared pages that one claim hit or read, by PostgreSQL's own count."""
    cursor_row = RaterCursor.objects.get(rater=rater)
    values = {
        "study": study.pk,
        "rater": rater.pk,
        "side": side,
        "after": cursor_row.place_a if side == "a" else cursor_row.place_b,
        "token": uuid.uuid4(),
        "now": NOON,
        "until": NOON + timedelta(minutes=30),
        "sides": "b",
    }
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + CLAIM_AHEAD, values)
        (answer,) = cursor.fetchone()
    plan: dict[str, Any] = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    assert Seat.objects.filter(held_by__rater=rater, rater=rater).exists()
    return int(plan["Shared Hit Blocks"]) + int(plan["Shared Read Blocks"])


@pytest.mark.parametrize("seats", [3_000, pytest.param(300_000, marks=pytest.mark.slow)])
def test_a_claim_takes_at_most_fifty_buffers_when_fresh_and_when_nine_tenths_through(seats: int) -> None:
    study = make_study(samples=SIZES[seats], systems=SYSTEMS)
    total = SIZES[seats] * PAIRS * 3
    assert Seat.objects.filter(study=study).count() == total >= seats
    raters = make_raters(study, 8)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE raters_seat")
        # The first change of a table looks for room in it; every further one is like the next.
        buffers(study, raters[0], "a")
        found = {"fresh": buffers(study, raters[2], "a")}
        Seat.objects.filter(study=study, state="leased").update(
            state="open", rater=None, lease_token=None, lease_until=None
        )
        nine_tenths = total * 9 // 10
        cursor.execute(
            JUDGED_UP_TO, {"study": study.pk, "place": nine_tenths, "raters": [rater.pk for rater in raters]}
        )
        RaterCursor.objects.filter(rater__study=study).update(place_a=nine_tenths, place_b=nine_tenths)
        cursor.execute("ANALYZE raters_seat")
        found |= {f"{rater.pseudonym} far on": buffers(study, rater, "b") for rater in raters[1:]}
    assert all(number <= MOST_BUFFERS for number in found.values()), found

"""Taking waiting generations by one conditional update, and giving back what a dead worker held."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from evalapp.models import ApiCall, Generation, Run
from evalapp.models.generation import MOST_ATTEMPTS, CallState, GenerationState, RunState

#: A lease is renewed every third of this time while its call is out.
LEASE = timedelta(seconds=90)

_LOCK_RUN = "SELECT concurrency FROM evalapp_run WHERE id = %s AND state = 'running' FOR NO KEY UPDATE"
_CLAIM = """
WITH taken AS MATERIALIZED (
    SELECT id, sample_id
    FROM evalapp_generation
    WHERE run_id = %(run)s AND state = 'pending' AND next_attempt_at <= statement_timestamp()
    ORDER BY next_attempt_at, id
    LIMIT greatest(0, least(%(most)s, %(room)s - (
        SELECT count(*) FROM evalapp_generation WHERE run_id = %(run)s AND state = 'running'
    )))
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE evalapp_generation AS generation
SET state = 'running', attempt = attempt + 1, lease_token = %(token)s,
    lease_until = statement_timestamp() + make_interval(secs => %(lease_s)s)
FROM taken JOIN evalapp_sample AS sample ON sample.id = taken.sample_id
WHERE generation.id = taken.id
RETURNING generation.id, generation.attempt, sample.payload
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """One generation in this worker's hands until its lease ends."""

    generation_id: int
    attempt: int
    lease_token: uuid.UUID
    payload: dict[str, object]


def claim(run_id: int, *, most: int, ahead: int = 0) -> list[Claimed]:
    """Take up to ``most`` waiting generations of a running run.

    All workers together hold at most the run's concurrency and ``ahead`` more, which wait in this process for
    a place. The run's row is locked first, so that two workers do not both take the last place.
    """
    token = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_RUN, [run_id])
        locked = cursor.fetchone()
        if locked is None:
            return []
        cursor.execute(
            _CLAIM,
            {
                "run": run_id,
                "most": most,
                "room": locked[0] + ahead,
                "token": token,
                "lease_s": LEASE.total_seconds(),
            },
        )
        rows = cursor.fetchall()
    rows.sort(key=lambda row: row[0])
    return [Claimed(row[0], row[1], token, json.loads(row[2])) for row in rows]


def renew(claims: Sequence[Claimed]) -> None:
    """Push the leases' ends; a lease that was lost meanwhile stays lost."""
    Generation.objects.filter(
        id__in=[each.generation_id for each in claims],
        lease_token__in={each.lease_token for each in claims},
        state=GenerationState.RUNNING,
    ).update(lease_until=timezone.now() + LEASE)


def release(claims: Sequence[Claimed]) -> None:
    """Give generations back unasked; the attempt that never happened is not counted."""
    Generation.objects.filter(
        id__in=[each.generation_id for each in claims],
        lease_token__in={each.lease_token for each in claims},
        state=GenerationState.RUNNING,
    ).update(state=GenerationState.PENDING, attempt=F("attempt") - 1, lease_token=None, lease_until=None)


def reclaim_expired() -> int:
    """Give back what a dead worker held; past the last attempt it has failed. Returns how many rows moved.

    The dead worker's open requests become *unknown*: they may have been answered and billed.
    """
    expired = Q(state=GenerationState.RUNNING, lease_until__lt=timezone.now())
    with transaction.atomic():
        ids = list(
            Generation.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(expired)
            .values_list("id", flat=True)[:1000]
        )
        ApiCall.objects.filter(generation_id__in=ids, state=CallState.SENT).update(
            state=CallState.UNKNOWN, error="worker_lost", cost_usd=F("reserved_usd")
        )
        mine = Generation.objects.filter(id__in=ids)
        failed = mine.filter(attempt__gte=MOST_ATTEMPTS).update(
            state=GenerationState.FAILED,
            lease_token=None,
            lease_until=None,
            error="worker_lost",
            error_message=f"The worker died on each of {MOST_ATTEMPTS} attempts at this sample.",
            finished_at=timezone.now(),
        )
        waiting = mine.filter(attempt__lt=MOST_ATTEMPTS, state=GenerationState.RUNNING).update(
            state=GenerationState.PENDING, lease_token=None, lease_until=None
        )
    return failed + waiting


def finish_if_complete(run_id: int) -> bool:
    """Mark a running run done once nothing of it waits or runs; True when this call did it."""
    open_rows = Generation.objects.filter(
        run_id=run_id, state__in=[GenerationState.PENDING, GenerationState.RUNNING]
    )
    if open_rows.exists():
        return False
    return (
        Run.objects.filter(id=run_id, state=RunState.RUNNING).update(
            state=RunState.DONE, finished_at=timezone.now()
        )
        == 1
    )


def is_waiting(run_id: int) -> bool:
    """Whether the run is running and something of it waits to be claimed now."""
    return Generation.objects.filter(
        run_id=run_id,
        run__state=RunState.RUNNING,
        state=GenerationState.PENDING,
        next_attempt_at__lte=timezone.now(),
    ).exists()


def seconds_to_next(run_id: int) -> float | None:
    """How long until the run's next waiting generation may be claimed; None when none waits."""
    next_at = (
        Generation.objects.filter(run_id=run_id, run__state=RunState.RUNNING, state=GenerationState.PENDING)
        .order_by("next_attempt_at")
        .values_list("next_attempt_at", flat=True)
        .first()
    )
    return None if next_at is None else (next_at - timezone.now()).total_seconds()


def waiting_runs() -> list[int]:
    """Running runs of which something waits, oldest first."""
    return list(
        Run.objects.filter(
            state=RunState.RUNNING,
            generations__state=GenerationState.PENDING,
            generations__next_attempt_at__lte=timezone.now(),
        )
        .order_by("id")
        .distinct()
        .values_list("id", flat=True)
    )


def unfinished_runs() -> list[int]:
    """Running runs of which nothing waits or runs: their last worker died before it could say so."""
    open_rows = Generation.objects.filter(
        run_id=OuterRef("id"), state__in=[GenerationState.PENDING, GenerationState.RUNNING]
    )
    return list(
        Run.objects.filter(~Exists(open_rows), state=RunState.RUNNING)
        .order_by("id")
        .values_list("id", flat=True)
    )

"""Taking waiting generations by one conditional update, and giving back what a dead worker held."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

from evalapp.models import Generation, Run
from evalapp.models.generation import MOST_ATTEMPTS, GenerationState, RunState

#: A lease is renewed every third of this time while its call is out.
LEASE = timedelta(seconds=settings.GENERATION_LEASE_S)
#: A sample whose worker died so often while it was out is taken alone from then on, so that one that kills
#: its worker takes no other with it to the last attempt.
DEATHS_TO_SUSPECT = 2

_LOCK_RUN = "SELECT concurrency FROM evalapp_run WHERE id = %s AND state = 'running' FOR NO KEY UPDATE"
_SUSPECT = "error = 'worker_lost' AND attempt >= %(deaths)s"
_CLAIM = """
WITH taken AS MATERIALIZED (
    SELECT id, sample_id
    FROM evalapp_generation
    WHERE run_id = %(run)s AND state = 'pending' AND next_attempt_at <= statement_timestamp() AND {which}
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
_CLAIM_SOUND = _CLAIM.format(which=f"NOT ({_SUSPECT})")
_CLAIM_SUSPECT = _CLAIM.format(which=f"({_SUSPECT})")
# After a restart of the database every worker must first have had the time to renew what it holds.
_RECLAIM = """
WITH lost AS MATERIALIZED (
    SELECT id FROM evalapp_generation
    WHERE state = 'running' AND lease_until < statement_timestamp()
        AND pg_postmaster_start_time() <= statement_timestamp() - make_interval(secs => %(settling_s)s)
    ORDER BY lease_until
    LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED
), calls AS (
    UPDATE evalapp_apicall SET state = 'unknown', error = 'worker_lost', cost_usd = reserved_usd
    WHERE state = 'sent' AND generation_id IN (SELECT id FROM lost)
)
UPDATE evalapp_generation
SET state = CASE WHEN attempt >= %(most)s THEN 'failed' ELSE 'pending' END,
    finished_at = CASE WHEN attempt >= %(most)s THEN statement_timestamp() END,
    error = 'worker_lost',
    error_message = CASE WHEN attempt >= %(most)s THEN %(gave_up)s ELSE '' END,
    lease_token = NULL, lease_until = NULL
WHERE id IN (SELECT id FROM lost)
"""
_CLOSE_FORGOTTEN = """
UPDATE evalapp_apicall AS call SET state = 'unknown', error = 'worker_lost', cost_usd = call.reserved_usd
FROM evalapp_languagemodel AS model JOIN evalapp_endpoint AS endpoint ON endpoint.id = model.endpoint_id
WHERE call.state = 'sent' AND model.id = call.model_id
    AND call.sent_at < statement_timestamp() - make_interval(secs => endpoint.timeout_s + %(lease_s)s)
    AND NOT EXISTS (
        SELECT 1 FROM evalapp_generation WHERE id = call.generation_id AND state = 'running'
    )
"""


_BEFORE_IN_SERIES = Run.objects.filter(
    series=OuterRef("series"), id__lt=OuterRef("id"), state__in=[RunState.RUNNING, RunState.PAUSED]
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One generation in this worker's hands until its lease ends; ``alone``: nothing may be out beside it."""

    generation_id: int
    attempt: int
    lease_token: uuid.UUID
    payload: dict[str, object]
    alone: bool = False


def claim(run_id: int, *, most: int, ahead: int = 0, idle: bool = False) -> list[Claimed]:
    """Take up to ``most`` waiting generations of a running run.

    All workers together hold at most the run's concurrency and ``ahead`` more, which wait in this process for
    a place. The run's row is locked first, so that two workers do not both take the last place. A sample
    suspected of killing its worker comes last, by itself, and only to a process that is ``idle``.
    """
    token = uuid.uuid4()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK_RUN, [run_id])
        locked = cursor.fetchone()
        if locked is None:
            return []
        wanted = {
            "run": run_id,
            "most": most,
            "room": locked[0] + ahead,
            "token": token,
            "lease_s": LEASE.total_seconds(),
            "deaths": DEATHS_TO_SUSPECT,
        }
        cursor.execute(_CLAIM_SOUND, wanted)
        rows = cursor.fetchall()
        alone = not rows and idle
        if alone:
            cursor.execute(_CLAIM_SUSPECT, wanted | {"most": 1})
            rows = cursor.fetchall()
    rows.sort(key=lambda row: row[0])
    return [Claimed(row[0], row[1], token, json.loads(row[2]), alone) for row in rows]


def renew(claims: Sequence[Claimed]) -> None:
    """Push the leases' ends; a lease that was lost meanwhile stays lost."""
    Generation.objects.filter(
        id__in=[each.generation_id for each in claims],
        lease_token__in={each.lease_token for each in claims},
        state=GenerationState.RUNNING,
    ).update(lease_until=Now() + LEASE)


def release(claims: Sequence[Claimed]) -> None:
    """Give generations back unasked; the attempt that never happened is not counted."""
    Generation.objects.filter(
        id__in=[each.generation_id for each in claims],
        lease_token__in={each.lease_token for each in claims},
        state=GenerationState.RUNNING,
    ).update(state=GenerationState.PENDING, attempt=F("attempt") - 1, lease_token=None, lease_until=None)


def reclaim_expired(*, settling: timedelta = LEASE) -> int:
    """Give back what a dead worker held; past the last attempt it has failed. Returns how many rows moved.

    The dead worker's open requests become *unknown*: they may have been answered and billed. For the time
    ``settling`` after the database has started nobody is taken for dead.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _RECLAIM,
            {
                "settling_s": settling.total_seconds(),
                "most": MOST_ATTEMPTS,
                "gave_up": f"The worker died on each of {MOST_ATTEMPTS} attempts at this sample.",
            },
        )
        return int(cursor.rowcount)


def close_forgotten() -> int:
    """Close requests that no sample waits for and that must have ended by now, as *unknown*; how many.

    Warm-ups and probes of a dead worker, for instance.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_FORGOTTEN, {"lease_s": LEASE.total_seconds()})
        return int(cursor.rowcount)


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
        next_attempt_at__lte=Now(),
    ).exists()


def is_worked_on(run_id: int) -> bool:
    """Whether anything of the run is in a worker's hands."""
    return Generation.objects.filter(run_id=run_id, state=GenerationState.RUNNING).exists()


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
            generations__next_attempt_at__lte=Now(),
        )
        .exclude(Exists(_BEFORE_IN_SERIES))
        .order_by("id")
        .distinct()
        .values_list("id", flat=True)
    )


def is_in_turn(run: Run) -> bool:
    """Whether every run before it in its series, if it has one, has ended."""
    return not Run.objects.filter(id=run.pk).filter(Exists(_BEFORE_IN_SERIES)).exists()


def next_in_series(run_id: int) -> int | None:
    """The run that may begin now that this one has ended; None when there is none."""
    series = Run.objects.filter(id=run_id, series__isnull=False).values("series")
    later = Run.objects.filter(series__in=series, id__gt=run_id, state=RunState.RUNNING)
    return later.exclude(Exists(_BEFORE_IN_SERIES)).order_by("id").values_list("id", flat=True).first()


def others_wait(run_id: int) -> bool:
    """Whether another running run has something to be claimed now."""
    return any(each != run_id for each in waiting_runs())


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

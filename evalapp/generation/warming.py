"""Warm-up: requests before a measured run that open connections and caches and enter no figure."""

import asyncio
import contextlib

from django.db.models import Q
from django.db.models.functions import Now

from evalapp.generation.claiming import LEASE, is_waiting
from evalapp.generation.clerk import Clerk
from evalapp.generation.ending import Halt
from evalapp.generation.lines import Tally
from evalapp.generation.preparing import Work, with_images
from evalapp.models import Run, Sample
from evalapp.models.generation import CallPurpose, RunState
from evalapp.providers.errors import ProviderError


async def warm_up(clerk: Clerk, work: Work) -> bool:
    """Send the run's warm-up requests if nobody has; False while another worker is at it.

    Raises `Halt` when a request meets a fault that all would meet.
    """
    if not work.run.warmup_calls or work.run.warmup_done_at:
        return True
    if not await clerk.run(_take, work.run.pk):
        return False
    payloads = await clerk.run(_payloads, work.run)
    places = asyncio.Semaphore(work.run.concurrency)

    async def one(number: int) -> None:
        async with places:
            await _ask_once(clerk, work, payloads[number % len(payloads)])

    renewing = asyncio.create_task(_renew(clerk, work.run.pk))
    try:
        async with asyncio.TaskGroup() as group:
            for number in range(work.run.warmup_calls):
                group.create_task(one(number))
    except* Halt as halts:
        raise halts.exceptions[0] from None
    finally:
        renewing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await renewing
    await clerk.run(_done, work.run.pk)
    return True


async def _ask_once(clerk: Clerk, work: Work, payload: dict[str, object]) -> None:
    tally = Tally(run_id=work.run.pk, generation_id=None, purpose=CallPurpose.WARMUP)
    complete = await clerk.run(with_images, [payload])
    for outcome in await work.kind.answer(complete, work.settings, work.ask(clerk, tally)):
        if isinstance(outcome, ProviderError) and outcome.stops != "nothing":
            raise Halt(outcome.message)


async def _renew(clerk: Clerk, run_id: int) -> None:
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        await clerk.run(_lease, run_id)


def _take(run_id: int) -> bool:
    # One worker warms up for all; when it dies, another may once its lease has run out.
    free = Q(warmup_lease_until__isnull=True) | Q(warmup_lease_until__lt=Now())
    waiting = Run.objects.filter(free, id=run_id, state=RunState.RUNNING, warmup_done_at__isnull=True)
    return is_waiting(run_id) and waiting.update(warmup_lease_until=Now() + LEASE) == 1


def _lease(run_id: int) -> None:
    Run.objects.filter(id=run_id, warmup_done_at__isnull=True).update(warmup_lease_until=Now() + LEASE)


def _payloads(run: Run) -> list[dict[str, object]]:
    samples = Sample.objects.filter(generations__run=run, generations__replicate=0).order_by("position")
    return list(samples.values_list("payload", flat=True)[: run.warmup_calls])


def _done(run_id: int) -> None:
    Run.objects.filter(id=run_id).update(warmup_done_at=Now(), warmup_lease_until=None)

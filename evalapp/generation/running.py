"""The pump: claims waiting generations as places free up, keeps calls in flight, writes down their ends."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalapp.generation import claiming
from evalapp.generation.checking import checks_of
from evalapp.generation.claiming import Claimed
from evalapp.generation.clerk import Clerk
from evalapp.generation.ending import Halt, ends_of
from evalapp.generation.lines import Tally
from evalapp.generation.preparing import Work, prepare, with_images
from evalapp.generation.steering import stop_run
from evalapp.generation.warming import warm_up
from evalapp.kinds.base import Answer
from evalapp.models.generation import CallPurpose, GenerationState

logger = logging.getLogger(__name__)

#: After this many seconds a pump makes room for other runs; what is left of its run is announced again.
SLICE_S = 60.0
#: A sample that waits no longer than this for its next attempt is waited for, in seconds.
SHORT_WAIT_S = 5.0
RENEW_EVERY_S = claiming.LEASE.total_seconds() / 3


@dataclass(frozen=True, slots=True)
class Pumped:
    """What one pump did: how many generations it ended, and whether more of the run waits."""

    ended: int
    more: bool


async def pump(run_id: int, *, stopping: Callable[[], bool]) -> Pumped:
    """Work on a run until nothing of it waits, it is halted, ``stopping`` says so, or the slice is over."""
    clerk = Clerk()
    try:
        plan = await clerk.run(prepare, run_id)
        if plan is None:
            return Pumped(0, more=False)
        async with contextlib.aclosing(Work(plan)) as work:
            shift = _Shift(clerk, work, stopping)
            try:
                if await warm_up(clerk, work):
                    await shift.work_on()
            except Halt as halt:
                await clerk.run(stop_run, run_id, reason=halt.reason)
            done = await clerk.run(claiming.finish_if_complete, run_id)
            return Pumped(shift.ended, more=not done and await clerk.run(claiming.is_waiting, run_id))
    finally:
        await clerk.close()


class _Shift:
    """One pump's time at one run."""

    def __init__(self, clerk: Clerk, work: Work, stopping: Callable[[], bool]) -> None:
        self._clerk = clerk
        self._work = work
        self._stopping = stopping
        self._until = time.monotonic() + SLICE_S
        self._held: list[Claimed] = []
        self._in_flight: dict[asyncio.Task[None], Sequence[Claimed]] = {}
        self._halt: Halt | None = None
        self.ended = 0

    async def work_on(self) -> None:
        """Claim and answer until nothing is left to do here. Raises `Halt` once all calls have ended."""
        renewing = asyncio.create_task(self._renew())
        try:
            while await self._fill():
                done, _ = await asyncio.wait(self._in_flight, timeout=1, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    del self._in_flight[task]
                    task.result()
        finally:
            renewing.cancel()
            if self._held:
                await self._clerk.run(claiming.release, self._held)
        if self._halt is not None:
            raise self._halt

    async def _fill(self) -> bool:
        """Keep the places busy; False when none is and nothing can be claimed."""
        places = self._work.run.concurrency
        busy = sum(len(batch) for batch in self._in_flight.values())
        ahead = places // 4 if not self._work.run.measured else 0
        if not self._is_over() and len(self._held) <= ahead // 2 and busy < places + ahead:
            self._held += await self._clerk.run(
                claiming.claim, self._work.run.pk, most=places - busy + ahead - len(self._held), ahead=ahead
            )
        while self._held and busy < places and not self._is_over():
            batch, self._held = (
                self._held[: self._work.kind.batch_size],
                self._held[self._work.kind.batch_size :],
            )
            self._in_flight[asyncio.create_task(self._answer(batch))] = batch
            busy += len(batch)
        if self._in_flight:
            return True
        return not self._is_over() and await self._wait_shortly()

    def _is_over(self) -> bool:
        return self._halt is not None or self._stopping() or time.monotonic() > self._until

    async def _wait_shortly(self) -> bool:
        wait_s = await self._clerk.run(claiming.seconds_to_next, self._work.run.pk)
        if wait_s is None or wait_s > SHORT_WAIT_S:
            return False
        await asyncio.sleep(max(0.05, wait_s))
        self._in_flight[asyncio.create_task(asyncio.sleep(0))] = ()
        return True

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            mine = [each for batch in self._in_flight.values() for each in batch] + self._held
            if mine:
                await self._clerk.run(claiming.renew, mine)

    async def _answer(self, batch: Sequence[Claimed]) -> None:
        tally = Tally(
            run_id=self._work.run.pk,
            generation_id=batch[0].generation_id,
            purpose=CallPurpose.ANSWER,
            shared_by=len(batch),
        )
        outcomes: Sequence[Answer | Exception]
        try:
            payloads = await self._clerk.run(with_images, [each.payload for each in batch])
            outcomes = await self._work.kind.answer(
                payloads, self._work.settings, self._work.ask(self._clerk, tally)
            )
        except Exception as fault:
            # A fault of ours must not take the other samples down; it fails these and is logged whole.
            logger.exception("Answering generations %s failed", [each.generation_id for each in batch])
            outcomes = [fault for _ in batch]
        checks = await checks_of(batch, outcomes, self._work.kind)
        ends, halt = ends_of(batch, outcomes, checks, tally)
        self._halt = self._halt or halt
        written = await asyncio.gather(*(self._clerk.put(end) for end in ends))
        for end, stood in zip(ends, written, strict=True):
            self.ended += stood is True and end.fields["state"] != GenerationState.PENDING

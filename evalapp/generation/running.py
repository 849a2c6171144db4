"""The pump: claims waiting generations as places free up, keeps calls in flight, writes down their ends."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, OperationalError

from evalapp.generation import claiming
from evalapp.generation.answering import answer_batch
from evalapp.generation.claiming import Claimed
from evalapp.generation.clerk import Clerk
from evalapp.generation.ending import Halt, unwritable
from evalapp.generation.entries import GenerationEnd, Written
from evalapp.generation.places import Place, Places
from evalapp.generation.preparing import Work, prepare
from evalapp.generation.steering import stop_run
from evalapp.generation.warming import warm_up
from evalapp.models.generation import GenerationState

logger = logging.getLogger(__name__)

#: After this many seconds a pump makes room for other runs that wait; its own is announced again.
SLICE_S = 60.0
#: A pump ends after this time in any case, in seconds: long before its message would be delivered again.
LONGEST_S = 1800.0
#: A sample that waits no longer than this for its next attempt is waited for, in seconds.
SHORT_WAIT_S = 5.0
#: Told to stop, a pump waits so long for the calls that are out, in seconds; longer ones end as unknown.
LEAVE_S = 20.0
#: While nothing ends, a pump looks so often whether it should, in seconds.
LOOK_UP_S = 1.0
#: With nothing to be had, a pump with calls out asks again after this time, in seconds.
DRY_S = 0.2
RENEW_EVERY_S = claiming.LEASE.total_seconds() / 3


@dataclass(frozen=True, slots=True)
class Pumped:
    """What one pump did: how many generations it ended, and whether more of the run waits for a pump."""

    ended: int
    more: bool


async def pump(run_id: int, *, stopping: Callable[[], bool]) -> Pumped:
    """Work on a run until nothing of it waits, it is halted, told to stop, or others want the place."""
    clerk = Clerk()
    try:
        plan = await clerk.run(prepare, run_id)
        if plan is None:
            return Pumped(0, more=False)
        async with contextlib.aclosing(Work(plan)) as work:
            shift = _Shift(clerk, work, stopping)
            try:
                if not await warm_up(clerk, work):
                    return Pumped(0, more=False)
                await shift.work_on()
            except Halt as halt:
                await clerk.run(stop_run, run_id, reason=halt.reason)
            done = await clerk.run(claiming.finish_if_complete, run_id)
            more = not done and not shift.crowded and await clerk.run(claiming.is_waiting, run_id)
            return Pumped(shift.ended, more=more)
    finally:
        await clerk.close()


@dataclass(frozen=True, slots=True)
class _Out:
    """A batch that is being answered, and its place."""

    batch: list[Claimed]
    place: Place


class _Shift:
    """One pump's time at one run.

    ``crowded``: it left because other pumps have all the run's places.
    """

    def __init__(self, clerk: Clerk, work: Work, stopping: Callable[[], bool]) -> None:
        self._clerk = clerk
        self._work = work
        self._stopping = stopping
        self._began = time.monotonic()
        self._until = self._began + SLICE_S
        self._leave_by: float | None = None
        self._dry_until = 0.0
        self._held: list[Claimed] = []
        self._in_flight: dict[asyncio.Task[None], _Out] = {}
        self._places = Places(work.run.concurrency, is_open=lambda: not self._must_end())
        self._asking = 0
        self._ended = asyncio.Event()
        self._halt: Halt | None = None
        self._fault: BaseException | None = None
        self.ended = 0
        self.crowded = False

    async def work_on(self) -> None:
        """Claim and answer until nothing is left to do here. Raises `Halt` once all calls have ended."""
        keeping = asyncio.create_task(self._keep())
        keeping.add_done_callback(self._note)
        try:
            while await self._fill():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_UP_S):
                        await self._ended.wait()
                self._ended.clear()
                self._places.look()
                if self._has_waited_enough():
                    break
        finally:
            left = (keeping, *self._in_flight)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            if self._held:
                await self._clerk.run(claiming.release, self._held)
        if self._fault is not None:
            raise self._fault
        if self._halt is not None:
            raise self._halt

    async def _fill(self) -> bool:
        """Keep the places busy; False when none is and nothing can be claimed."""
        self._start()
        # In a measured run nothing is prepared beside what is being timed.
        ahead = 0 if self._work.run.measured else self._places.count
        most = self._places.count + ahead - self._asking - len(self._held)
        alone = any(out.batch[0].alone for out in self._in_flight.values())
        idle = not self._in_flight and not self._held
        worth_it = idle or (most > ahead // 4 and time.monotonic() > self._dry_until)
        if worth_it and not alone and not await self._is_over():
            claimed = await self._clerk.run(
                claiming.claim,
                self._work.run.pk,
                most=most,
                ahead=ahead,
                idle=idle,
            )
            if not claimed:
                self._dry_until = time.monotonic() + DRY_S
            self._held += claimed
            self._start()
        return bool(self._in_flight) or (not await self._is_over() and await self._wait_shortly())

    def _start(self) -> None:
        size = self._work.kind.batch_size
        ahead = 0 if self._work.run.measured else self._places.count // 2
        while self._held and self._asking < self._places.count + ahead and not self._must_end():
            batch, self._held = self._held[:size], self._held[size:]
            out = _Out(batch, Place(self._places, len(batch)))
            task = asyncio.create_task(self._answer(out))
            self._in_flight[task] = out
            self._asking += len(batch)
            task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        out = self._in_flight.pop(task)
        if task.cancelled() and not out.place.taken:
            # Nothing of it was sent: it goes back as if it had never been taken.
            self._held += out.batch
        self._note(task)

    def _note(self, task: asyncio.Task[None]) -> None:
        # With a fault of ours nothing more is begun, but what is out has been paid for and is waited for.
        if not task.cancelled():
            self._fault = self._fault or task.exception()
        self._ended.set()

    def _must_end(self) -> bool:
        return self._halt is not None or self._fault is not None or self._stopping()

    def _has_waited_enough(self) -> bool:
        if self._leave_by is None and self._stopping():
            self._leave_by = time.monotonic() + LEAVE_S
        return self._leave_by is not None and time.monotonic() > self._leave_by

    async def _is_over(self) -> bool:
        """Whether this pump claims no more. Leaving costs a run its pace, so it does not without need."""
        if self._must_end():
            return True
        now = time.monotonic()
        if now <= self._until:
            return False
        if now - self._began > LONGEST_S or await self._clerk.run(claiming.others_wait, self._work.run.pk):
            return True
        self._until = now + SLICE_S
        return False

    async def _wait_shortly(self) -> bool:
        """Wait for a sample whose next attempt is near; False when none is."""
        wait_s = await self._clerk.run(claiming.seconds_to_next, self._work.run.pk)
        if wait_s is None or wait_s > SHORT_WAIT_S:
            return False
        # Something waits and could not be had: other pumps have the places, or the leases of a dead one do.
        self.crowded = wait_s <= 0 and await self._clerk.run(claiming.is_worked_on, self._work.run.pk)
        if not self.crowded:
            await asyncio.sleep(max(wait_s, 0) + 0.01)
            self._ended.set()
        return not self.crowded

    async def _keep(self) -> None:
        """Renew what this pump holds, and give back what others held that have died."""
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            mine = [each for out in self._in_flight.values() for each in out.batch] + self._held
            if mine:
                await self._clerk.run(claiming.renew, mine)
            await self._clerk.run(claiming.reclaim_expired)

    async def _answer(self, out: _Out) -> None:
        try:
            ends, halt = await answer_batch(self._clerk, self._work, out.batch, out.place)
            self._halt = self._halt or halt
        finally:
            # Whoever is next need not wait until this end is written.
            self._asking -= len(out.batch)
            out.place.give()
            self._ended.set()
        written = await asyncio.gather(*(self._write(end) for end in ends))
        for end, stood in zip(ends, written, strict=True):
            self.ended += stood is True and end.fields["state"] != GenerationState.PENDING

    async def _write(self, end: GenerationEnd) -> Written:
        try:
            return await self._clerk.put(end)
        except DatabaseError as problem:
            if isinstance(problem, OperationalError):
                raise
            logger.exception("The database refused the end of generation %s", end.generation_id)
            return await self._clerk.put(unwritable(end, problem))

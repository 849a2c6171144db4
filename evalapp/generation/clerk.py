"""Between the asynchronous pump and the blocking database: one thread, one connection, entries in batches."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from evalapp.generation import ledger
from evalapp.generation.entries import BudgetHeld, BudgetSpent, CallEnd, Entry, Sending, Ticket, Written

#: One transaction takes so many entries at most, and so many characters of raw answers.
MOST_ENTRIES = 100
MOST_CHARACTERS = 16_000_000
#: How long a lost database is waited for, in seconds, before the pump gives up and its leases run out.
PATIENCE_S = (0.2, 0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8)

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Clerk:
    """Runs one pump's database work in its own thread and shares commits among the entries that wait."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clerk")
        self._waiting: list[tuple[Entry, asyncio.Future[Written]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do database work in the clerk's thread; a lost connection is waited for and the work done again.

        The work must be safe to repeat: a connection can break after the commit and before the answer.
        """
        loop = asyncio.get_running_loop()
        for pause in (*PATIENCE_S, None):
            try:
                return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))
            except (OperationalError, InterfaceError) as problem:
                if pause is None:
                    raise
                logger.warning("The database is away (%s); trying again in %s s", problem, pause)
                await loop.run_in_executor(self._thread, _hang_up)
                await asyncio.sleep(pause)
        raise AssertionError("the loop above returns or raises")

    def put(self, entry: Entry) -> asyncio.Future[Written]:
        """Queue an entry; the future is done once it is committed. Entries are committed in order."""
        future: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return future

    async def send(self, entry: Sending) -> Ticket:
        """Commit a request about to leave. Raises what the run's budget says against it."""
        written = await self.put(entry)
        if isinstance(written, Ticket):
            return written
        if isinstance(written, BudgetSpent | BudgetHeld):
            raise written
        raise TypeError(f"a sending was answered with {written!r}")

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._next_batch()
            try:
                results = await self.run(ledger.Batch([entry for entry, _ in batch]).write)
            except Exception as problem:  # noqa: BLE001 (handed to whoever waits for it)
                if len(batch) > 1 and not isinstance(problem, OperationalError | InterfaceError):
                    # One entry that the database refuses must not take its neighbours with it.
                    for each in batch:
                        await self._write_alone(*each)
                    continue
                for _, future in batch:
                    _settle(future, problem)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                _settle(future, result)

    async def _write_alone(self, entry: Entry, future: "asyncio.Future[Written]") -> None:
        try:
            [result] = await self.run(ledger.Batch([entry]).write)
        except Exception as problem:  # noqa: BLE001 (handed to whoever waits for it)
            _settle(future, problem)
        else:
            _settle(future, result)

    def _next_batch(self) -> "list[tuple[Entry, asyncio.Future[Written]]]":
        """The entries that waited longest: as many as one transaction takes, in number and in size."""
        size, count = 0, 0
        for entry, _ in self._waiting[:MOST_ENTRIES]:
            size += _characters(entry)
            if count and size > MOST_CHARACTERS:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    async def close(self) -> None:
        """Write what is left, then give the connection back."""
        while self._writing is not None and not self._writing.done():
            await self._writing
        await asyncio.get_running_loop().run_in_executor(self._thread, _hang_up)
        self._thread.shutdown()


def _hang_up() -> None:
    # Looked up here, since each thread has a connection of its own.
    connection.close()


def _settle(future: asyncio.Future[Written], outcome: Written | Exception) -> None:
    # The refusal of a budget is a result here although it is an exception: it is raised by `send`.
    if future.done():
        return
    if isinstance(outcome, Exception) and not isinstance(outcome, BudgetSpent | BudgetHeld):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _characters(entry: Entry) -> int:
    return len(entry.end.raw or "") if isinstance(entry, CallEnd) else 0

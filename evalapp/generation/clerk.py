"""Between the asynchronous pump and the blocking database: one thread, one connection, entries in batches."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

from evalapp.generation import ledger
from evalapp.generation.entries import BudgetHeld, BudgetSpent, Entry, Sending, Ticket

MOST_ENTRIES = 100
#: How long a lost database is waited for, in seconds, before the pump gives up and its leases run out.
PATIENCE_S = (0.2, 0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8)

logger = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")


class Clerk:
    """Runs one pump's database work in its own thread and shares commits among the entries that wait."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clerk")
        self._waiting: list[tuple[Entry, asyncio.Future[ledger.Written]]] = []
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

    def put(self, entry: Entry) -> asyncio.Future[ledger.Written]:
        """Queue an entry; the future is done once it is committed. Entries are committed in order."""
        future: asyncio.Future[ledger.Written] = asyncio.get_running_loop().create_future()
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
            batch, self._waiting = self._waiting[:MOST_ENTRIES], self._waiting[MOST_ENTRIES:]
            try:
                results = await self.run(ledger.write, [entry for entry, _ in batch])
            except Exception as problem:  # noqa: BLE001 (handed to everyone who waits for this batch)
                for _, future in batch:
                    if not future.done():
                        future.set_exception(problem)
                continue
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)

    async def close(self) -> None:
        """Write what is left, then give the connection back."""
        while self._writing is not None and not self._writing.done():
            await self._writing
        await asyncio.get_running_loop().run_in_executor(self._thread, _hang_up)
        self._thread.shutdown()


def _hang_up() -> None:
    # Looked up here, since each thread has a connection of its own.
    connection.close()

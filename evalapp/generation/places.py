"""A run's places in one process: how many of its samples may have requests out at a time.

A sample is prepared and its first request committed to the ledger while it waits for its place, so that no
place stands empty while something is written.
"""

import asyncio
from collections import deque
from collections.abc import Callable


class Places:
    """So many places, given in the order in which they were asked for, while ``is_open`` says so."""

    def __init__(self, count: int, *, is_open: Callable[[], bool]) -> None:
        self.count = count
        self._is_open = is_open
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def ask(self, size: int) -> asyncio.Future[None]:
        """Queue for a place; a batch takes as many as it has samples, once one is free.

        The future is cancelled when no place is given any more.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, future))
        self.look()
        return future

    def give(self, size: int) -> None:
        """Give places back."""
        self._taken -= size
        self.look()

    def look(self) -> None:
        """Give the free places to those who wait; send them away when it is over."""
        is_open = bool(self._waiting) and self._is_open()
        while self._waiting and (self._taken < self.count or not is_open):
            size, future = self._waiting.popleft()
            if future.done():
                continue
            if is_open:
                self._taken += size
                future.set_result(None)
            else:
                future.cancel()


class Place:
    """One sample's (or batch's) place: asked for by its first request, kept to its end."""

    def __init__(self, places: Places, size: int) -> None:
        self._places = places
        self._size = size
        self._asked: asyncio.Future[None] | None = None

    @property
    def taken(self) -> bool:
        """Whether a request of this sample may have left."""
        return self._asked is not None and self._asked.done() and not self._asked.cancelled()

    async def take(self) -> None:
        """Wait for the place, the first time. Raises `CancelledError` when it is too late."""
        if self._asked is None:
            self._asked = self._places.ask(self._size)
        # Several requests of one sample may wait for its one place.
        await asyncio.shield(self._asked)

    def give(self) -> None:
        """Give it back, or wait for it no longer."""
        if self.taken:
            self._places.give(self._size)
        elif self._asked is not None:
            self._asked.cancel()

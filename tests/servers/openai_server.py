"""A real HTTP server that speaks OpenAI-compatible Chat Completions and misbehaves on demand.

    with OpenAIServer(behaviours.ok("hello")) as server:
        server.next(behaviours.too_many({"retry-after": "2"}))
        ...  # talk to server.base_url
        assert server.count == 2

It runs in a thread on a free port of the loopback interface, keeps every request it was asked, and answers
from the queue given to `next`; when that is empty, by `default`. It writes its own bytes, so that it can also
answer as no HTTP library would.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

REASONS = {200: "OK", 301: "Moved Permanently", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found"}


@dataclass(frozen=True)
class Asked:
    """One request as it arrived; header names in lower case."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, object]:
        value = json.loads(self.raw)
        assert isinstance(value, dict)
        return value


@dataclass(frozen=True)
class Served:
    """What to answer. `pieces` are sent one by one with `pause_s` between them, after a wait of `delay_s`.

    With `chunked` the body has HTTP chunks and an end; without, a Content-Length. `cut` closes the connection
    after the last piece without ending the body. `silent` never answers; `hang_up` closes before the answer.
    `verbatim` is sent instead of everything HTTP.
    """

    status: int = 200
    pieces: tuple[bytes, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    pause_s: float = 0.0
    chunked: bool = False
    cut: bool = False
    silent: bool = False
    hang_up: bool = False
    verbatim: bytes | None = None


Behaviour = Served | Callable[[Asked], Served]


class OpenAIServer:
    def __init__(self, default: Behaviour) -> None:
        self.default = default
        self.asked: list[Asked] = []
        self.connections_made = 0
        self._queue: deque[Behaviour] = deque()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def count(self) -> int:
        return len(self.asked)

    def next(self, *behaviours: Behaviour) -> None:
        """Answer the coming requests like this, in this order."""
        self._queue.extend(behaviours)

    def forget(self) -> None:
        """Drop what was asked so far and what was still to be answered."""
        self.asked.clear()
        self._queue.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._loop is not None
        assert self._stopping is not None
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        self.connections_made += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection stays open."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        raw = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(path=head[0].split(" ")[1], headers=headers, raw=raw)
        self.asked.append(asked)
        behaviour = self._queue.popleft() if self._queue else self.default
        served = behaviour if isinstance(behaviour, Served) else behaviour(asked)
        await asyncio.sleep(served.delay_s)
        if served.silent:
            await asyncio.Event().wait()
        if served.hang_up:
            writer.transport.abort()
            return False
        if served.verbatim is not None:
            writer.write(served.verbatim)
            await writer.drain()
            return False
        return await _answer(writer, served)


async def _answer(writer: asyncio.StreamWriter, served: Served) -> bool:
    headers = {"content-type": "application/json", "x-request-id": "req-test"} | served.headers
    if served.chunked:
        headers["transfer-encoding"] = "chunked"
    else:
        # A cut body promises more than it holds, so that the reader knows something is missing.
        headers["content-length"] = str(sum(map(len, served.pieces)) + (100 if served.cut else 0))
    lines = [f"HTTP/1.1 {served.status} {REASONS.get(served.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
    for number, piece in enumerate(served.pieces):
        if number:
            await asyncio.sleep(served.pause_s)
        writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if served.chunked else piece)
        await writer.drain()
    if served.cut:
        return False
    if served.chunked:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True

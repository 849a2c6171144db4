"""One running child process: its output goes to its log, its readiness and its end can be awaited."""

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from operating.children import Child, tethered
from operating.errors import ChildFailed
from operating.logs import Log

READ_BYTES = 65_536
PROBE_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Output:
    """The reading end of a child's output.

    A pipe of our own: with asyncio's, some Python versions notice a child's end only when the last grandchild
    that holds the pipe has ended too.
    """

    stream: asyncio.StreamReader
    transport: asyncio.BaseTransport

    @classmethod
    async def open(cls) -> tuple["Output", int]:
        """A new pipe: the reading end, and the descriptor of the writing end for the child."""
        reading_end, writing_end = os.pipe()
        stream = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading_end, "rb")
        )
        return cls(stream, transport), writing_end


class Process:
    """A started child. Made by ``start``; every line of its output is logged and the last ones kept."""

    def __init__(self, child: Child, process: asyncio.subprocess.Process, output: "Output", log: Log) -> None:
        self.child = child
        self.pid = process.pid
        self.began = time.monotonic()
        self.tail: deque[str] = deque(maxlen=20)
        self._process = process
        self._output = output
        self._log = log
        self._said_ready = asyncio.Event()
        self._show: Callable[[str], None] | None = None
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls, child: Child, log_dir: Path, *, show: Callable[[str], None] | None = None
    ) -> "Process":
        """Start the command in a session of its own, tied to this process; output also goes to ``show``."""
        command = tethered(child.command, account=child.account, death_signal=child.stop_signal)
        output, writing_end = await Output.open()
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing_end,
                stderr=asyncio.subprocess.STDOUT,
                cwd=child.folder,
                env=dict(child.environment),
                start_new_session=True,
            )
        finally:
            os.close(writing_end)
        started = cls(child, process, output, Log(log_dir / f"{child.name}.log"))
        started._show = show
        return started

    @property
    def lived_s(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    async def ended(self) -> int:
        """Wait for the end and the last of its output; the exit status, negative for a signal."""
        status = await self._process.wait()
        # A grandchild that outlives it may hold the pipe open; its output is not waited for.
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._reader), 1.0)
        return status

    async def ready(self) -> None:
        """Wait until it is ready; raise ``ChildFailed`` when it ends or stays silent instead."""
        child = self.child
        end = asyncio.create_task(self.ended())
        ready = asyncio.create_task(self._becomes_ready(child))
        try:
            done, _ = await asyncio.wait(
                {end, ready}, timeout=child.ready_timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ready.cancel()
            end.cancel()
        if end in done:
            raise self.failure(f"ended at its start (status {end.result()})")
        if ready not in done:
            raise self.failure(f"was not ready after {child.ready_timeout_s:.0f} s")
        ready.result()

    def failure(self, what: str) -> ChildFailed:
        """The error that says what happened to this child, with the end of its log."""
        if not self.tail:
            return ChildFailed(f"{self.child.label} {what} and wrote nothing to {self._log.file}.")
        message = f"{self.child.label} {what}. The end of {self._log.file}:"
        return ChildFailed(message, log_tail=tuple(self.tail))

    def signal(self, number: int) -> None:
        """Send a signal to the process itself; nothing happens when it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def kill_group(self) -> None:
        """Kill it and every descendant that stayed in its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, 9)

    async def _becomes_ready(self, child: Child) -> None:
        if child.ready_line:
            await self._said_ready.wait()
        if child.ready_probe is not None:
            while not await child.ready_probe():
                await asyncio.sleep(PROBE_EVERY_S)

    async def _read(self) -> None:
        rest = b""
        with self._log, closing(self._output.transport):
            while chunk := await self._output.stream.read(READ_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(rest) > READ_BYTES:
                    self._take(rest)
                    rest = b""
            if rest:
                self._take(rest)

    def _take(self, raw: bytes) -> None:
        line = raw.decode("utf-8", "replace").rstrip("\r")
        self.tail.append(line)
        self._log.write(line)
        if self._show is not None:
            self._show(line)
        if self.child.ready_line and self.child.ready_line in line:
            self._said_ready.set()

"""One sandbox from its start to its complete end, however it ends: nothing of it is left afterwards."""

import asyncio
import json
import os
import signal
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, cast

from evalapp.generation.sandbox.box import Box
from evalapp.generation.sandbox.folder import Folder
from evalapp.generation.sandbox.output import Output
from evalapp.generation.sandbox.verdict import Limits

READY = b"ready\n"
MOST_REPORT_BYTES = 262_144

Ending = Literal["ended", "not started", "out of time", "too much output", "too many files"]


@dataclass(frozen=True, slots=True)
class Heard:
    """How it ended, its exit status (128 and the number for a signal), its report and what it printed."""

    ending: Ending
    status: int
    report: bytes
    output: str


async def converse(box: Box, job: bytes, limits: Limits) -> Heard:
    """Start the box, give its runner the job, and listen until it ends or a limit is reached.

    The job is sent once the runner says that it is ready. By then bubblewrap has tied itself to this process,
    so there is no moment in which the code could outlive it. Raises OSError when it cannot be started.
    """
    with _pipes(box.filter_program) as pipes:
        sandbox = _Sandbox(await _start(box, limits, pipes), Output(limits.kept_bytes, limits.output_bytes))
        try:
            async with asyncio.timeout(limits.wall_s):
                ending = await sandbox.hear_out(job, pipes, limits)
        except TimeoutError:
            ending = "out of time"
        finally:
            status = await asyncio.shield(sandbox.end())
    return Heard(ending, status, bytes(sandbox.report), sandbox.output.text())


@dataclass(frozen=True, slots=True)
class _Pipes:
    """What the box is given, and the read ends that stay here."""

    filter_program: int
    info_in: int
    report_in: int
    info: int
    report: int

    @property
    def given(self) -> tuple[int, ...]:
        return self.filter_program, self.info_in, self.report_in


@contextmanager
def _pipes(filter_program: bytes) -> Iterator[_Pipes]:
    filter_out, filter_in = os.pipe()
    # Far smaller than a pipe's buffer, so that writing does not wait for a reader.
    os.write(filter_in, filter_program)
    os.close(filter_in)
    info, info_in = os.pipe()
    report, report_in = os.pipe()
    try:
        yield _Pipes(filter_out, info_in, report_in, info, report)
    finally:
        os.close(info)
        os.close(report)


async def _start(box: Box, limits: Limits, pipes: _Pipes) -> Process:
    """Start bubblewrap as the box's account, by descriptor: the account may not be let in where it lies."""
    programs = [os.open(box.bubblewrap.program, os.O_PATH)]
    environment = {}
    if box.bubblewrap.library is not None:
        programs.append(os.open(box.bubblewrap.library, os.O_PATH))
        environment["LD_PRELOAD"] = f"/proc/self/fd/{programs[1]}"
    account = box.account
    try:
        return await asyncio.create_subprocess_exec(
            *box.command(
                limits, filter_fd=pipes.filter_program, info_fd=pipes.info_in, report_fd=pipes.report_in
            ),
            executable=f"/proc/self/fd/{programs[0]}",
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            pass_fds=(*programs, *pipes.given),
            env=environment,
            cwd="/",
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    finally:
        for each in (*programs, *pipes.given):
            os.close(each)


@dataclass(slots=True)
class _Sandbox:
    """A started box. Once it is known to stand, ``first`` is a descriptor of the first process inside."""

    process: Process
    output: Output
    report: bytearray = field(default_factory=bytearray)
    first: int | None = None
    folder: Folder | None = None

    async def hear_out(self, job: bytes, pipes: _Pipes, limits: Limits) -> Ending:
        """Give it the job once it is ready; read what it prints and reports until it ends."""
        reports = StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reports), os.fdopen(os.dup(pipes.report), "rb", 0)
        )
        printing = asyncio.create_task(self.output.read(cast("StreamReader", self.process.stdout)))
        try:
            if await reports.read(len(READY)) != READY:
                await printing
                return "not started"
            first = json.loads(os.read(pipes.info, 4096))["child-pid"]
            self.first = os.pidfd_open(first)
            self.folder = Folder.of(first)
            await self._give(job)
            watching = asyncio.create_task(self.folder.overflow(limits.files))
            try:
                return await self._listen(reports, printing, watching)
            finally:
                watching.cancel()
        finally:
            printing.cancel()
            transport.close()

    async def _give(self, job: bytes) -> None:
        stdin = cast("StreamWriter", self.process.stdin)
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(job)
            await stdin.drain()
        stdin.close()

    async def _listen(
        self, reports: StreamReader, printing: asyncio.Task[bool], watching: asyncio.Task[None]
    ) -> Ending:
        reporting = asyncio.create_task(self._read_report(reports))
        try:
            while not (printing.done() and reporting.done()):
                waiting = [each for each in (printing, reporting, watching) if not each.done()]
                await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if watching.done():
                    watching.result()
                    return "too many files"
                if not all(each.result() for each in (printing, reporting) if each.done()):
                    return "too much output"
            await self.process.wait()
            return "ended"
        finally:
            reporting.cancel()

    async def _read_report(self, reports: StreamReader) -> bool:
        """Read to the end; False, with the rest unread, when it is longer than any true report."""
        while chunk := await reports.read(65_536):
            self.report += chunk
            if len(self.report) > MOST_REPORT_BYTES:
                return False
        return True

    async def end(self) -> int:
        """Kill what still runs and wait until all of it is gone; the exit status.

        When the first process of a process namespace ends, the kernel ends all others before it lets it go.
        """
        if self.first is None:
            with suppress(ProcessLookupError):
                self.process.kill()
        else:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.first, signal.SIGKILL)
            await _readable(self.first)
            os.close(self.first)
        if self.folder is not None:
            self.folder.close()
        # A process counts as ended once its pipes have, and a pipe nobody reads does not end.
        cast("StreamWriter", self.process.stdin).close()
        stdout = cast("StreamReader", self.process.stdout)
        while await stdout.read(65_536):
            pass
        return await self.process.wait()


async def _readable(descriptor: int) -> None:
    """Wait until a process descriptor says that its process has ended."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)

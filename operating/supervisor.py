"""Brings up servers, one-off steps and services in order, keeps them up, and takes them down in order.

``run(plan)`` returns an exit status: 0 after a wished-for end (Ctrl-C, SIGTERM), 1 when something failed.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from operating import locks
from operating.children import Child, Stage, Step
from operating.console import Console
from operating.errors import ChildFailed, OperatingError
from operating.processes import Process
from operating.runtime import prepare_var
from operating.servers import EmbeddedServers

UNDERTAKER = Path(__file__).with_name("undertaker.py")
# A child that lived this long is taken as healthy: its next death starts a new count.
HEALTHY_S = 60.0
QUICK_DEATHS = 5
LONGEST_PAUSE_S = 15.0
WATCH_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: servers, then ``before``, then services, then ``after``, then ``closing`` lines are shown.

    ``watched`` is the number of a process without which this one has no reason to go on; ``first_pause_s`` is
    the wait before a child's first restart, doubled with every quick death.
    """

    log_dir: Path
    servers: EmbeddedServers
    before: tuple[Step, ...] = ()
    services: tuple[Child, ...] = ()
    after: tuple[Step, ...] = ()
    closing: tuple[str, ...] = ()
    watched: int | None = None
    first_pause_s: float = 0.5


def run(plan: Plan, console: Console | None = None) -> int:
    """Run the plan until told to stop; the exit status."""
    console = console or Console()
    held = None
    try:
        prepare_var(plan.log_dir.parent)
        plan.log_dir.mkdir(mode=0o750, exist_ok=True)
        if plan.servers:
            plan.servers.make_folders()
            held = locks.take(plan.servers.where, say=console.say)
        return asyncio.run(Supervisor(plan, console, held).run())
    except OperatingError as problem:
        console.say(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if held is not None:
            held.release()


class Supervisor:
    """One run of one plan."""

    def __init__(self, plan: Plan, console: Console, held: locks.Locks | None) -> None:
        self._plan = plan
        self._held = held
        self._console = console
        self._running: dict[int, Process] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._undertaker: subprocess.Popen[bytes] | None = None

    async def run(self) -> int:
        """Everything from the first process to the last one gone."""
        self._listen_to_signals()
        self._call_undertaker()
        whole = asyncio.create_task(self._whole())
        stop = asyncio.create_task(self._stop.wait())
        watch = asyncio.create_task(self._watch())
        failure: BaseException | None = None
        try:
            await asyncio.wait({whole, stop, watch}, return_when=asyncio.FIRST_COMPLETED)
            if whole.done() and not self._stop.is_set():
                failure = whole.exception()
            if isinstance(failure, OperatingError):
                self._console.say(str(failure))
        finally:
            for task in (whole, stop, watch, *self._keepers):
                task.cancel()
            await asyncio.gather(whole, stop, watch, *self._keepers, return_exceptions=True)
            await self._take_down()
            self._dismiss_undertaker()
        self._console.say("Everything has ended.")
        if failure is not None and not isinstance(failure, OperatingError):
            raise failure
        return 0 if failure is None else 1

    async def _whole(self) -> None:
        """Bring everything up, then wait; ends only by an error or by being cancelled."""
        plan = self._plan
        children = plan.servers.prepare(self._console.say) if plan.servers else ()
        await self._bring_up(children)
        for step in plan.before:
            await self._take_step(step)
        await self._bring_up(plan.services)
        for step in plan.after:
            await self._take_step(step)
        for line in plan.closing:
            self._console.say(line)
        if self._keepers:
            await asyncio.gather(*self._keepers)

    async def _bring_up(self, children: tuple[Child, ...]) -> None:
        """Start children side by side, wait until each is ready, and keep them from then on."""
        started = [await self._start(child) for child in children]
        announcing = [asyncio.create_task(self._announce(process)) for process in started]
        try:
            await asyncio.gather(*announcing)
        finally:
            for task in announcing:
                task.cancel()
        self._keepers += [asyncio.create_task(self._keep(process)) for process in started]

    async def _announce(self, process: Process) -> None:
        await process.ready()
        self._console.say(f"{process.child.label} is ready ({process.lived_s:.1f} s).")

    async def _take_step(self, step: Step) -> None:
        self._console.say(f"{step.label} …")
        began = time.monotonic()
        process = await self._start(step.child(), shown=step.shown)
        end = asyncio.create_task(process.ended())
        # A server or service that fails for good meanwhile ends the step as well.
        await asyncio.wait({end, *self._keepers}, return_when=asyncio.FIRST_COMPLETED)
        for keeper in self._keepers:
            if keeper.done():
                keeper.result()
        status = await end
        self._forget(process)
        if status != 0:
            raise process.failure(f"failed (status {status})")
        if not step.shown and (took := time.monotonic() - began) > 1:
            self._console.say(f"  done ({took:.1f} s).")

    async def _keep(self, process: Process) -> None:
        """Start the child again whenever it ends, ever more slowly; give up after repeated quick deaths."""
        deaths = 0
        while True:
            status = await process.ended()
            process.kill_group()
            self._forget(process)
            deaths = 1 if process.lived_s > HEALTHY_S else deaths + 1
            label = process.child.label
            if deaths >= QUICK_DEATHS:
                raise process.failure(f"ended {deaths} times in quick succession (last status {status})")
            pause = min(LONGEST_PAUSE_S, self._plan.first_pause_s * 2 ** (deaths - 1))
            self._console.say(f"{label} ended (status {status}); starting it again in {pause:.1f} s.")
            await asyncio.sleep(pause)
            process = await self._start(process.child)
            try:
                await self._announce(process)
            except ChildFailed as problem:
                self._console.say(str(problem))
                process.kill_group()

    async def _start(self, child: Child, *, shown: bool = False) -> Process:
        process = await Process.start(child, self._plan.log_dir, show=self._console.say if shown else None)
        self._running[process.pid] = process
        self._tell_undertaker(
            {
                "add": process.pid,
                "signal": int(child.stop_signal),
                "grace_s": child.orphan_grace_s,
                "stage": int(child.stage),
            }
        )
        return process

    def _forget(self, process: Process) -> None:
        self._running.pop(process.pid, None)
        self._tell_undertaker({"drop": process.pid})

    async def _take_down(self) -> None:
        """Stop services, then servers; each within its grace, at once when hurried."""
        if any(process.child.stage == Stage.SERVICE for process in self._running.values()):
            self._console.say("Stopping; Ctrl-C again stops without waiting for work in flight.")
        for stage in Stage:
            leaving = [process for process in self._running.values() if process.child.stage == stage]
            await asyncio.gather(*(self._take_down_one(process) for process in leaving))

    async def _take_down_one(self, process: Process) -> None:
        process.signal(process.child.stop_signal)
        end = asyncio.create_task(process.ended())
        # Servers are never hurried: their end is quick and their data are worth it.
        hurry = [asyncio.create_task(self._hurry.wait())] if process.child.stage == Stage.SERVICE else []
        done, _ = await asyncio.wait(
            {end, *hurry}, timeout=process.child.stop_grace_s, return_when=asyncio.FIRST_COMPLETED
        )
        for task in hurry:
            task.cancel()
        if end not in done:
            self._console.say(f"{process.child.label} is killed.")
        process.kill_group()
        await end
        self._forget(process)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_stop)

    def _told_to_stop(self) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    async def _watch(self) -> None:
        """Return when the watched process is gone; wait for ever when there is none."""
        while self._plan.watched is None or _exists(self._plan.watched):
            await asyncio.sleep(WATCH_EVERY_S)

    def _call_undertaker(self) -> None:
        self._undertaker = subprocess.Popen(
            [sys.executable, "-I", "-S", str(UNDERTAKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(self._held.servers,) if self._held else (),
            start_new_session=True,
        )

    def _tell_undertaker(self, message: dict[str, float]) -> None:
        if self._undertaker is None or self._undertaker.stdin is None:
            return
        try:
            self._undertaker.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self._undertaker.stdin.flush()
        except BrokenPipeError:
            # Somebody ended it; the kernel's parent-death signal still ends the children on Linux.
            self._console.say("The process that cleans up after a crash has ended; restart when convenient.")
            self._undertaker = None

    def _dismiss_undertaker(self) -> None:
        if self._undertaker is not None:
            self._undertaker.communicate()


def _exists(pid: int) -> bool:
    """Whether the process runs; one that has ended and only waits to be noticed by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True

"""Real servers and workers that a test may kill, stop and start again."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from operating.children import Child, tethered

PATIENCE_S = 180.0


def wait_until(ready: Callable[[], bool], what: str, *, seconds: float = PATIENCE_S) -> None:
    """Look again and again until it is so; the wait is generous, since other work shares the machine."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain until {what}"
        time.sleep(0.03)


class Machine:
    """One process that is started, and ended in every way there is. It dies with the test run."""

    def __init__(
        self, describe: Callable[[], Child], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self._describe = describe
        self._log = log
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def said(self) -> str:
        """All it has written so far."""
        return self._log.read_text(errors="replace")

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        child = self._describe()
        said = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered(child.command, account=child.account, death_signal=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=child.folder,
                env={**child.environment, **self._environment},
                start_new_session=True,
            )
        process = self._process

        def is_ready() -> bool:
            new = self._log.read_bytes()[said:]
            assert process.poll() is None, (
                f"{child.label} ended at its start:\n{new.decode(errors='replace')}"
            )
            return child.ready_line.encode() in new

        wait_until(is_ready, f"{child.label} is ready")

    def end(self, number: signal.Signals) -> None:
        """Send the signal and wait for the end; descendants that are left are killed."""
        if self._process is None:
            return
        if self.runs:
            self._process.send_signal(number)
        self._process.wait(timeout=PATIENCE_S)
        self.sweep_up()

    def sweep_up(self) -> None:
        """Kill what is left of its process group."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


class KeptWorker:
    """A worker under a keeper: when it dies, what it left is swept up and another takes its place."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._over = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self.machine.start()
        self._keeper.start()

    def _keep(self) -> None:
        while not self._over.wait(0.05):
            if not self.machine.runs:
                self.machine.sweep_up()
                self.machine.start()

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it for good."""
        self._over.set()
        self._keeper.join()
        self.machine.end(number)

    def kill(self) -> None:
        """kill -9 of the worker's main process: its children notice, or are swept up, like after a crash."""
        os.kill(self.machine.pid, signal.SIGKILL)

    def kill_child(self) -> None:
        """kill -9 of the busiest process of its pool."""
        if children := self.children():
            os.kill(max(children)[1], signal.SIGKILL)

    def children(self) -> list[tuple[int, int]]:
        """Processor time in ticks and process number of each process of the pool."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    status = (entry / "stat").read_text().rpartition(")")[2].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(status[1]) == self.machine.pid and status[0] != "Z":
                    found.append((int(status[11]), int(entry.name)))
        return found

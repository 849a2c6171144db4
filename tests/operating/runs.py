"""Running a program of ours as an operator would, and seeing what is left of it."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

BASE_DIR = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
# What the test run itself set must not steer the programs under test.
OURS = ("DATABASE_URL", "REDIS_URL", "VAR_DIR", "PORT", "HOST", "DJANGO_SETTINGS_MODULE", "STOP_WITH_PARENT")


class Run:
    """A started program, whose lines can be waited for; killed at the latest when its ``with`` block ends."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str] | None = None) -> None:
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.process = subprocess.Popen(
            list(command),
            cwd=BASE_DIR,
            env=clean_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join()
        if self.process.stdout:
            self.process.stdout.close()

    @property
    def output(self) -> str:
        return "\n".join(self.said)

    def until(self, text: str) -> str:
        """Wait for the next line that holds the text, and return it."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            line_or_end = self._lines.get(timeout=max(0.01, deadline - time.monotonic()))
            assert line_or_end is not None, f"it ended without saying {text!r}:\n{self.output}"
            self.said.append(line_or_end)
            if text in line_or_end:
                return line_or_end

    def status(self) -> int:
        """Wait for the end; the exit status."""
        status = self.process.wait(PATIENCE_S)
        self._reader.join()
        while (line := self._lines.get()) is not None:
            self.said.append(line)
        return status

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit status."""
        self.process.send_signal(number)
        return self.status()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)


def servers(root: Path, *more: str, environment: Mapping[str, str] | None = None) -> Run:
    """The two servers alone, on data under ``root``."""
    return Run(
        [sys.executable, "-m", "operating", "servers", "--root", str(root), *more], environment=environment
    )


def clean_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment without what the test run has set for itself."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(more or {})


def processes_of(root: Path) -> dict[int, str]:
    """Every living process, by number, that names the folder in its command line or works in it."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            place = os.readlink(entry / "cwd")  # noqa: PTH115 - the link may end in " (deleted)"
        except OSError:
            continue
        if str(root) in command or Path(place).is_relative_to(root):
            found[int(entry.name)] = command
    return found


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; fail with ``what`` when it does not within our patience."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"never happened: {what}"
        time.sleep(0.02)


def gone(root: Path) -> None:
    """Wait until no process of this folder is left."""
    eventually(lambda: not processes_of(root), f"nothing left of {root}: {processes_of(root)}")

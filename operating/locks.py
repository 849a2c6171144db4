"""Who may run the servers of a runtime: one supervisor at a time, never beside an earlier one's servers."""

import fcntl
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operating.errors import AlreadyRunning
from operating.runtime import Runtime

WAIT_FOR_REMAINS_S = 60.0


@dataclass(frozen=True, slots=True)
class Locks:
    """Two locked files: one ends with the supervisor, the other is shared with its undertaker."""

    supervisor: int
    servers: int

    def release(self) -> None:
        """Let go of both; the servers' lock stays taken while the undertaker still holds it."""
        os.close(self.supervisor)
        os.close(self.servers)


def take(runtime: Runtime, *, say: Callable[[str], None]) -> Locks:
    """Become the supervisor of this runtime, or raise ``AlreadyRunning`` with the other one's process number.

    After a killed supervisor its undertaker still stops the servers; that is waited for.
    """
    supervisor = _open(runtime.root / "supervisor.lock")
    if not _taken(supervisor):
        owner = os.pread(supervisor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(supervisor)
        raise AlreadyRunning(
            f"It is already running on this data (process {owner}, {runtime.root}). "
            "Stop that one first, or set VAR_DIR to another folder for a second one."
        )
    os.ftruncate(supervisor, 0)
    os.pwrite(supervisor, f"{os.getpid()}\n".encode("ascii"), 0)
    servers = _open(runtime.root / "servers.lock")
    if not _taken(servers):
        say("Waiting until the servers of the run before have ended …")
        deadline = time.monotonic() + WAIT_FOR_REMAINS_S
        while not _taken(servers):
            if time.monotonic() > deadline:
                raise AlreadyRunning(
                    f"The servers of an earlier run still hold {runtime.root}. "
                    "End their processes, then start again."
                )
            time.sleep(0.05)
    return Locks(supervisor=supervisor, servers=servers)


def _open(file: Path) -> int:
    return os.open(file, os.O_RDWR | os.O_CREAT, 0o600)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

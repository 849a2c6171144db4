"""What a child process is: its command, how it is known to be ready and how it is stopped."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from operating.accounts import Account

TETHER = Path(__file__).with_name("tether.py")
Probe = Callable[[], Awaitable[bool]]


class Stage(IntEnum):
    """The order in which children are stopped."""

    SERVICE = 0
    SERVER = 1


@dataclass(frozen=True, slots=True)
class Child:
    """A process kept running; ready when its output holds ``ready_line`` or ``ready_probe`` says so."""

    name: str
    label: str
    command: tuple[str, ...]
    ready_line: str = ""
    ready_probe: Probe | None = None
    ready_timeout_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_grace_s: float = 10.0
    # After the supervisor was killed nobody waits for work to be finished in good order.
    orphan_grace_s: float = 3.0
    stage: Stage = Stage.SERVICE
    account: Account | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path = Path("/")


@dataclass(frozen=True, slots=True)
class Step:
    """A command run once to its end; ``shown`` passes its output to the terminal as well as to its log."""

    name: str
    label: str
    command: tuple[str, ...]
    shown: bool = False
    folder: Path = Path("/")

    def child(self) -> Child:
        """The step as the process that runs it."""
        return Child(name=self.name, label=self.label, command=self.command, folder=self.folder)


def tethered(
    command: tuple[str, ...], *, account: Account | None = None, death_signal: int = signal.SIGKILL
) -> tuple[str, ...]:
    """The command as run under an account and ended by ``death_signal`` when the calling process goes."""
    uid, gid = (str(account.uid), str(account.gid)) if account else ("-", "-")
    tether = (sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), str(int(death_signal)), uid, gid)
    return (*tether, *command)


def bare_environment() -> dict[str, str]:
    """What a server needs to see; keys and passwords of ours are none of its business."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}

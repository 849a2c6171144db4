"""The sandbox as a command line: what bubblewrap is told to take away and the little it leaves."""

from dataclasses import dataclass
from pathlib import Path

from evalapp.generation.sandbox import account
from evalapp.generation.sandbox.software import Bubblewrap, Python
from evalapp.generation.sandbox.verdict import Limits
from operating.accounts import Account

#: Where the code may write, and all it may write to.
FOLDER = "/tmp"  # noqa: S108 (of the sandbox's own)
LIBRARIES = ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
RUNNER = Path(__file__).with_name("runner.py")


@dataclass(frozen=True, slots=True)
class Box:
    """A sandbox that can be started: its parts, the filter, and who runs it (None: we ourselves)."""

    bubblewrap: Bubblewrap
    python: Python
    account: Account | None
    filter_program: bytes
    runner: str

    def command(self, limits: Limits, *, filter_fd: int, info_fd: int, report_fd: int) -> list[str]:
        """Arguments for bubblewrap; the descriptors are those it inherits."""
        system = [part for place in LIBRARIES for part in ("--ro-bind-try", place, place)]
        devices = [part for place in DEVICES for part in ("--dev-bind-try", place, place)]
        python = [part for place in self.python.places for part in ("--ro-bind", str(place), str(place))]
        inside = str(account.INSIDE)
        return [
            "bwrap",
            # A network, processes, names, queues and users of its own, all empty, and no way to make more.
            *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", inside, "--gid", inside),
            *("--hostname", "sandbox", "--new-session", "--die-with-parent"),
            # Sets in the same order every time, so that a verdict can be had again; the runner drops it.
            *("--clearenv", "--setenv", "PYTHONHASHSEED", "0"),
            # No /proc, no /sys, no /home, no /bin: libraries, five devices and one folder in memory.
            *system,
            *python,
            *devices,
            *("--size", str(limits.folder_bytes), "--perms", "0700", "--tmpfs", FOLDER, "--chdir", FOLDER),
            *("--remount-ro", "/"),
            *("--seccomp", str(filter_fd), "--info-fd", str(info_fd), "--"),
            # The standard library alone, unbuffered, UTF-8, no bytecode files.
            *(str(self.python.executable), "-s", "-P", "-S", "-B", "-u", "-X", "utf8"),
            *("-c", self.runner, str(report_fd)),
        ]

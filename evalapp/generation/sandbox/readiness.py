"""Whether code can be run here at all: each sandbox is tried, and what is against it put in words."""

import asyncio
import platform
import sys
from dataclasses import dataclass

from evalapp.generation.sandbox import account
from evalapp.generation.sandbox.box import RUNNER, Box
from evalapp.generation.sandbox.filter import PROCESSORS, program_for
from evalapp.generation.sandbox.process import converse
from evalapp.generation.sandbox.software import bubblewraps, python_for
from evalapp.generation.sandbox.verdict import Limits

INSTALL = "install your system's bubblewrap package, or requirements-embedded.lock"


class NotReady(Exception):
    """Code cannot be run here; the message says why and what can be done."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What bubblewrap writes when it fails, in small letters, and what that means to people."""

    says: str
    means: str


_FAILURES = (
    _Failure("creating new namespace failed", "user namespaces are off on this machine, or used up"),
    _Failure("no permissions to create", "user namespaces are off on this machine"),
    _Failure("setting up uid map", "user namespaces are of no use on this machine"),
    _Failure("failed to make / slave", "user namespaces may not change mounts on this machine"),
    _Failure("loopback: failed", "user namespaces may not hold a network on this machine"),
    _Failure("unknown option", "this bubblewrap is too old; 0.8 or newer is needed"),
)


async def find_box() -> Box:
    """The first sandbox that works here. Raises `NotReady`."""
    processor = PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or processor is None:
        raise NotReady(
            "the sandbox needs Linux on an x86-64 or aarch64 processor; "
            f"this is {platform.system()} on {platform.machine()}"
        )
    try:
        outside = account.outside()
    except account.NoAccount as problem:
        raise NotReady(str(problem)) from problem
    python = await asyncio.to_thread(python_for, outside)
    if python is None:
        raise NotReady(
            "no Python 3.11 or newer can be read by the account that runs the code; "
            "start as an ordinary user, or install your system's python3"
        )
    runner = RUNNER.read_text(encoding="utf-8")
    faults = []
    for bubblewrap in bubblewraps():
        box = Box(bubblewrap, python, outside, program_for(processor), runner)
        fault = await _fault_of(box)
        if fault is None:
            return box
        faults.append(f"{bubblewrap.program}: {fault}")
    raise NotReady("; ".join(faults) or f"bubblewrap is not installed: {INSTALL}")


async def _fault_of(box: Box) -> str | None:
    """Start it with no job; what keeps it from standing, or None."""
    try:
        heard = await converse(box, b"", Limits())
    except OSError as error:
        return f"it cannot be started ({error.strerror or error})"
    if heard.ending == "ended" and heard.status == 0:
        return None
    said = heard.output.strip().removeprefix("bwrap: ")
    meaning = next(
        (each.means for each in _FAILURES if each.says in said.lower()), "the sandbox could not be set up"
    )
    return f"{meaning} ({said or heard.ending})"

"""Small programs for the supervisor to run in tests, and the plans that hold them.

``python -m tests.operating.troupe PLAN FOLDER`` runs one of the plans below.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path

from operating import runtime, supervisor
from operating.children import Child, Stage, Step
from operating.servers import EmbeddedServers
from operating.supervisor import Plan

NO_SERVERS = EmbeddedServers(
    where=runtime.at(Path("/nowhere")), var_dir=None, with_postgres=False, with_valkey=False
)
STEADY = "import time; print('ready', flush=True)\nwhile True: time.sleep(1)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n{STEADY}"
BRIEF = "import sys; print('ready', flush=True); print('ended of itself', flush=True); sys.exit(3)"
NEVER = "import sys; print('no such table', flush=True); sys.exit(4)"
SILENT = "import time; time.sleep(600)"
TALKATIVE = (
    "import sys, time; sys.stdout.write('x' * 300_000 + '\\nready'); sys.stdout.flush(); time.sleep(0.2)\n"
    "sys.stdout.buffer.write(b' \\xff\\n'); sys.stdout.flush()\nwhile True: time.sleep(1)"
)
# Tells in a file when it is told to stop, and takes a moment to obey.
ORDERLY = """
import pathlib, signal, sys, time
def leave(*_):
    with pathlib.Path(sys.argv[2], 'order').open('a') as notes:
        notes.write(sys.argv[1] + ' told\\n'); notes.flush(); time.sleep(0.2)
        notes.write(sys.argv[1] + ' gone\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print('ready', flush=True)
while True: time.sleep(1)
"""
# Its own child stays in its process group, as the children of a worker do.
PARENT = (
    f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {STEADY!r}, sys.argv[2]])\n{STEADY}"
)


def child(
    name: str,
    program: str,
    folder: Path,
    *,
    stage: Stage = Stage.SERVICE,
    patience_s: float = 60.0,
    grace_s: float = 60.0,
) -> Child:
    return Child(
        name=name,
        label=name.capitalize(),
        command=(sys.executable, "-c", program, name, str(folder)),
        ready_line="ready",
        ready_timeout_s=patience_s,
        stop_signal=signal.SIGTERM,
        stop_grace_s=grace_s,
        orphan_grace_s=0.5,
        stage=stage,
        folder=folder,
    )


def step(name: str, program: str, folder: Path, *, shown: bool = False) -> Step:
    command = (sys.executable, "-c", program, str(folder))
    return Step(name=name, label=f"Doing {name}", command=command, shown=shown, folder=folder)


def steady(folder: Path) -> Plan:
    return plan(
        folder, services=(child("one", STEADY, folder), child("two", STEADY, folder)), closing=("All up.",)
    )


def with_children(folder: Path) -> Plan:
    return plan(
        folder, services=(child("parent", PARENT, folder), child("deaf", DEAF, folder)), closing=("All up.",)
    )


def brief(folder: Path) -> Plan:
    return plan(folder, services=(child("brief", BRIEF, folder),))


def never(folder: Path) -> Plan:
    return plan(folder, services=(child("steady", STEADY, folder), child("never", NEVER, folder)))


def silent(folder: Path) -> Plan:
    return plan(folder, services=(child("silent", SILENT, folder, patience_s=0.3),))


def deaf(folder: Path) -> Plan:
    return plan(folder, services=(child("deaf", DEAF, folder, grace_s=0.3),), closing=("All up.",))


def stubborn(folder: Path) -> Plan:
    return plan(folder, services=(child("deaf", DEAF, folder),), closing=("All up.",))


def talkative(folder: Path) -> Plan:
    return plan(folder, services=(child("talkative", TALKATIVE, folder),), closing=("All up.",))


def orderly(folder: Path) -> Plan:
    services = (child("server", ORDERLY, folder, stage=Stage.SERVER), child("service", ORDERLY, folder))
    return plan(folder, services=services, closing=("All up.",))


def steps(folder: Path) -> Plan:
    return plan(
        folder,
        before=(step("first", "print('hidden')", folder),),
        services=(child("steady", STEADY, folder),),
        after=(step("last", "print('http://localhost/for/you')", folder, shown=True),),
        closing=("All up.",),
    )


def broken_step(folder: Path) -> Plan:
    return plan(
        folder,
        before=(step("migrate", "import sys; sys.exit('no such column')", folder),),
        services=(child("steady", STEADY, folder),),
    )


def step_beside_a_failure(folder: Path) -> Plan:
    return plan(folder, services=(child("brief", BRIEF, folder),), after=(step("long", SILENT, folder),))


def watching(folder: Path) -> Plan:
    return plan(
        folder,
        services=(child("steady", STEADY, folder),),
        closing=("All up.",),
        watched=int((folder / "watched").read_text()),
    )


def plan(
    folder: Path,
    *,
    services: tuple[Child, ...],
    before: tuple[Step, ...] = (),
    after: tuple[Step, ...] = (),
    closing: tuple[str, ...] = (),
    watched: int | None = None,
) -> Plan:
    return Plan(
        log_dir=folder / "log",
        servers=NO_SERVERS,
        before=before,
        services=services,
        after=after,
        closing=closing,
        watched=watched,
        first_pause_s=0.02,
    )


PLANS: dict[str, Callable[[Path], Plan]] = {
    made.__name__: made
    for made in (
        steady, with_children, brief, never, silent, deaf, stubborn, talkative, orderly, steps, broken_step,
        step_beside_a_failure, watching,
    )
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(supervisor.run(PLANS[sys.argv[1]](Path(sys.argv[2]))))

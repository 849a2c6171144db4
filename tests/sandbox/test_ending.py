"""However a run ends, nothing of it is left: not when it is cancelled, and not when its worker is killed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evalapp.generation.sandbox.process import converse
from evalapp.generation.sandbox.readiness import NotReady, find_box
from evalapp.generation.sandbox.testing import run_tests
from evalapp.generation.sandbox.verdict import Limits
from tests.sandbox import ground as grounds

BASE_DIR = Path(__file__).resolve().parents[2]
FOREVER = "import time\nprint('begun', flush=True)\ntime.sleep(600)\n"
TESTS = "def test_nothing():\n    pass\n"
WORKER = f"""
import asyncio, sys
sys.path.insert(0, {str(BASE_DIR)!r})
from evalapp.generation.sandbox.testing import run_tests
from evalapp.generation.sandbox.verdict import Limits
asyncio.run(run_tests({FOREVER!r}, {TESTS!r}, None, Limits(wall_s=600)))
"""


@pytest.fixture(autouse=True)
def _where_the_sandbox_stands(namespaces_forbidden: bool) -> None:
    if namespaces_forbidden:
        with pytest.raises(NotReady, match="user namespaces"):
            asyncio.run(find_box())
        pytest.skip("this kernel forbids user namespaces, and readiness says so")


def descriptors() -> set[str]:
    return {str(each.readlink()) for each in Path("/proc/self/fd").iterdir() if each.exists()}


def test_a_cancelled_run_leaves_nothing() -> None:
    async def cancel() -> None:
        running = asyncio.create_task(run_tests(FOREVER, TESTS, None, Limits(wall_s=600)))
        while not grounds.sandboxes_of(os.getpid()):
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(cancel())
    assert grounds.sandboxes_of(os.getpid()) == []


def test_a_killed_worker_takes_its_sandboxes_with_it() -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER])
    try:
        assert grounds.until(lambda: len(grounds.descendants(worker.pid)) >= 3)
        inside = grounds.descendants(worker.pid)
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert grounds.until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in inside))


def test_runs_leave_no_descriptor_open() -> None:
    asyncio.run(run_tests("", TESTS, None))
    before = descriptors()
    for _ in range(3):
        asyncio.run(run_tests("", TESTS, None))
    assert {each for each in descriptors() - before if not each.startswith("/proc")} == set()


def test_no_more_sandboxes_run_at_a_time_than_there_are_processors() -> None:
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, len(grounds.sandboxes_of(os.getpid())))
            await asyncio.sleep(0.005)

    async def crowd() -> None:
        watching = asyncio.create_task(watch())
        code = "import time\ntime.sleep(0.1)\n"
        verdicts = await asyncio.gather(*(run_tests(code, TESTS, None) for _ in range(12)))
        watching.cancel()
        assert [each.state for each in verdicts] == ["passed"] * 12

    asyncio.run(crowd())
    assert 1 <= most <= len(os.sched_getaffinity(0))


def test_a_box_without_a_job_ends_by_itself() -> None:
    async def nothing_to_do() -> None:
        heard = await converse(await find_box(), b"", Limits())
        assert (heard.ending, heard.status, heard.report, heard.output) == ("ended", 0, b"", "")

    asyncio.run(nothing_to_do())

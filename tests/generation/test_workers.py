"""Runs on real Celery workers behind a real broker."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from evalapp import tasks
from evalapp.generation.planning import plan_run
from evalapp.models import Run, System, TaskSet
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


def wait_until(ready: Callable[[], bool], *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def is_done(run: Run) -> bool:
    run.refresh_from_db()
    return run.state == "done"


def test_a_rung_run_is_answered_by_the_workers(
    live_stack: str, task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    run = plan_run(task_set=task_set(50), system=system)
    tasks.ring(run.pk)
    wait_until(lambda: is_done(run))
    assert Counter(run.generations.values_list("state", flat=True)) == Counter(done=50)
    assert server.count == 50


def test_messages_delivered_three_times_ask_nothing_twice(
    live_stack: str, task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.02)
    run = plan_run(task_set=task_set(60), system=system)
    for _ in range(3):
        tasks.ring(run.pk)
    wait_until(lambda: is_done(run))
    assert server.count == 60


def test_a_killed_worker_process_leaves_nothing_stuck(
    live_stack: str,
    task_set: Callable[[int], TaskSet],
    system: System,
    server: OpenAIServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.05)
    run = plan_run(task_set=task_set(200), system=system, concurrency=8)
    tasks.ring(run.pk)
    wait_until(lambda: server.count >= 20)
    os.kill(_pool_child(), signal.SIGKILL)
    wait_until(lambda: _left_behind(run))
    # The leases of the dead process end now rather than in a minute and a half; the sweeper does the rest.
    run.generations.filter(state="running").update(lease_until="2000-01-01T00:00Z")
    tasks.sweep.delay()
    wait_until(lambda: is_done(run))
    assert Counter(run.generations.values_list("state", flat=True)) == Counter(done=200)
    unknown = run.calls.filter(state="unknown").count()
    assert 200 <= server.count <= 200 + unknown
    # Eight were out, and up to as many stood written down, waiting for a place.
    assert unknown <= 2 * 8


def _left_behind(run: Run) -> bool:
    """Whether nobody works on the run any more: what is running has stayed the same for a while."""
    before = set(run.generations.filter(state="running").values_list("id", flat=True))
    time.sleep(0.5)
    return before == set(run.generations.filter(state="running").values_list("id", flat=True))


def _pool_child() -> int:
    """The busiest process of the worker's pool."""
    workers = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                status = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if b"celery" in b" ".join(command) and b"worker" in command:
                workers.append((int(status[11]), int(entry.name), int(status[1])))
    parents = {parent for _, _, parent in workers}
    return max(each for each in workers if each[1] not in parents)[1]

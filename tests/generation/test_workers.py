"""Runs on real Celery workers behind a real broker."""

import time
from collections import Counter
from collections.abc import Callable

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

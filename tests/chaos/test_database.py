"""A database that restarts, loses its answers or refuses a row: the ledger stays exact."""

import asyncio
import signal
from collections import Counter

import pytest
from django.db import OperationalError, connection

from evalapp.generation import ledger
from evalapp.generation.entries import Written
from evalapp.generation.running import pump
from evalapp.models import Run
from tests.chaos.world import World, check_ledger, plan, states, wait_until_asked, wait_until_over
from tests.servers import behaviours
from tests.servers.openai_server import Asked, OpenAIServer, Served


def work_on(run: Run) -> None:
    asyncio.run(pump(run.pk, stopping=lambda: False))


def test_a_database_restarted_mid_run_loses_nothing_and_the_ledger_adds_up(
    world: World, server: OpenAIServer
) -> None:
    world.worker()
    run = plan(server, 90)
    world.ring(run)
    for due, end in ((20, signal.SIGQUIT), (50, signal.SIGINT)):
        wait_until_asked(server, due)
        connection.close()
        world.postgres.end(end)
        world.postgres.start()
    wait_until_over(run)
    assert states(run) == {"done": 90}
    check_ledger(run, server)
    assert set(run.calls.values_list("state", flat=True)) <= {"answered", "unknown"}
    assert server.count - 90 <= run.calls.filter(state="unknown").count()


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other commit succeeds, but word of it never comes."""
    sound = ledger.Batch.write
    written = Counter[str]()

    def write(self: ledger.Batch) -> list[Written]:
        results = sound(self)
        written["batches"] += 1
        if written["batches"] % 2 == 0:
            raise OperationalError("the connection broke after the commit")
        return results

    monkeypatch.setattr(ledger.Batch, "write", write)


def test_a_commit_whose_answer_is_lost_is_neither_repeated_nor_settled_twice(
    world: World, server: OpenAIServer, lossy: None
) -> None:
    run = plan(server, 30)
    work_on(run)
    assert states(run) == {"done": 30}
    check_ledger(run, server)
    assert (server.count, run.calls.count()) == (30, 30)


def test_without_looking_whether_it_stands_requests_are_written_down_twice(
    world: World, server: OpenAIServer, lossy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger.Batch, "_stands", lambda _: False)
    run = plan(server, 30)
    work_on(run)
    assert run.calls.count() > 30
    assert run.calls.filter(state="sent").exists()


def test_an_answer_the_database_refuses_fails_alone_and_its_call_is_closed(
    world: World, server: OpenAIServer
) -> None:
    absurd = {"prompt_tokens": 10**12, "completion_tokens": 1, "total_tokens": 10**12 + 1}

    def answer(asked: Asked) -> Served:
        usage = absurd if "Question 7?" in asked.raw.decode() else behaviours.USAGE
        served = behaviours.ok("fine", delay_s=0.1, usage=usage)
        assert not isinstance(served, Served)
        return served(asked)

    server.default = answer
    run = plan(server, 24)
    work_on(run)
    assert states(run) == {"done": 23, "failed": 1}
    assert run.generations.get(state="failed").error == "unwritable"
    [call] = run.calls.exclude(state="answered")
    assert (call.state, call.error, call.cost_usd) == ("failed", "unwritable", call.reserved_usd)
    check_ledger(run, server)

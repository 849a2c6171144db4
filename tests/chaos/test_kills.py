"""Workers that die at the worst moment: nothing is lost, nothing sticks, every payment is written down."""

import signal
from collections import Counter

import pytest
from django.db.models.functions import Now

from config import settings
from tests.chaos.machines import wait_until
from tests.chaos.world import (
    CONCURRENCY,
    MOST_OPEN,
    SWEPT,
    World,
    check_ledger,
    plan,
    states,
    wait_until_asked,
    wait_until_over,
)
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


def kill_all_along(world: World, server: OpenAIServer, *, count: int, children: int, workers: int) -> None:
    """Kill pool children and whole workers, evenly spread over a run; then hold the run to its promises."""
    worker = world.worker()
    run = plan(server, count)
    world.ring(run)
    kills = children + workers
    for number in range(1, kills + 1):
        wait_until_asked(server, number * count // (kills + 1))
        if number * workers // kills > (number - 1) * workers // kills:
            worker.kill()
        else:
            worker.kill_child()
    wait_until_over(run)
    assert states(run) == {"done": count}
    check_ledger(run, server)
    surplus = server.count - count
    assert surplus <= run.calls.filter(state="unknown").count() <= kills * MOST_OPEN


def test_pool_children_and_workers_killed_all_along_leave_every_sample_done(
    world: World, server: OpenAIServer
) -> None:
    kill_all_along(world, server, count=100, children=3, workers=1)


@pytest.mark.slow
def test_twenty_children_and_five_workers_killed_leave_five_hundred_samples_done(
    world: World, server: OpenAIServer
) -> None:
    kill_all_along(world, server, count=500, children=20, workers=5)


def test_without_the_sweeper_what_a_dead_worker_held_stays_stuck(world: World, server: OpenAIServer) -> None:
    worker = world.worker("without_sweeper")
    run = plan(server, 40)
    world.ring(run)
    wait_until_asked(server, 10)
    worker.kill()
    lost = run.generations.filter(state="running", lease_until__lt=Now())
    wait_until(lost.exists, "the leases have run out")
    before = worker.machine.said.count(SWEPT)
    wait_until(lambda: worker.machine.said.count(SWEPT) >= before + 3, "three sweeps have passed")
    assert lost.exists()
    world.worker()
    wait_until_over(run)
    assert states(run) == {"done": 40}


def test_a_worker_told_to_end_lets_its_calls_finish_and_nothing_is_paid_twice(
    world: World, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.5)
    world.worker()
    run = plan(server, 40)
    world.ring(run)
    wait_until_asked(server, 12)
    world.dismiss(signal.SIGTERM)
    sent = run.calls.exclude(error="withdrawn")
    assert Counter(sent.values_list("state", flat=True)) == {"answered": server.count}
    assert states(run) == {"done": server.count, "pending": 40 - server.count}
    world.worker()
    wait_until_over(run)
    assert states(run) == {"done": 40}
    assert server.count == 40


def test_a_killed_worker_pays_again_only_for_what_was_out_and_each_surplus_is_an_unknown_call(
    world: World, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.5)
    world.worker()
    run = plan(server, 40)
    world.ring(run)
    wait_until_asked(server, 12)
    world.dismiss(signal.SIGKILL)
    left_open = run.calls.filter(state="sent").count()
    assert 0 < left_open <= MOST_OPEN
    world.worker()
    wait_until_over(run)
    assert states(run) == {"done": 40}
    check_ledger(run, server)
    assert run.calls.filter(state="unknown").count() == left_open
    assert server.count - 40 <= min(left_open, CONCURRENCY)


def test_without_the_record_before_sending_a_killed_worker_leaves_payments_nobody_knows_of(
    world: World, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.5)
    world.worker("without_sent")
    run = plan(server, 40)
    world.ring(run)
    wait_until_asked(server, 12)
    world.dismiss(signal.SIGKILL)
    world.worker()
    wait_until_over(run)
    with pytest.raises(AssertionError, match="are written down"):
        check_ledger(run, server)


def test_a_sample_that_makes_the_process_exit_fails_after_five_attempts_and_the_others_are_done(
    world: World, server: OpenAIServer
) -> None:
    world.worker("with_poison")
    run = plan(server, 60)
    world.ring(run)
    wait_until_over(run)
    failed = run.generations.exclude(state="done").values_list("sample__key", "state", "error", "attempt")
    assert list(failed) == [("q7", "failed", "worker_lost", 5)]
    check_ledger(run, server)


@pytest.mark.slow
def test_without_isolation_it_takes_others_with_it(world: World, server: OpenAIServer) -> None:
    world.worker("with_poison without_isolation")
    server.default = behaviours.ok("fine", delay_s=1)
    run = plan(server, 20)
    world.ring(run)
    wait_until_over(run)
    assert states(run)["failed"] > 1


def test_work_of_a_dead_worker_is_taken_up_within_thirty_seconds_by_the_defaults() -> None:
    awakening_s = 5
    assert settings.GENERATION_LEASE_S + settings.SWEEP_INTERVAL_S + awakening_s <= 30

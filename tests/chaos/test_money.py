"""Budgets under fire, storms of refusals, and an account that runs dry."""

import asyncio
import time
from collections import defaultdict
from decimal import Decimal

import pytest
from django.db.models import Sum

from evalapp.generation.running import pump
from evalapp.models import Run
from evalapp.providers.errors import QuotaExhausted, RateLimited
from tests.chaos.machines import wait_until
from tests.chaos.world import (
    CONCURRENCY,
    World,
    check_ledger,
    plan,
    states,
    wait_until_asked,
    wait_until_over,
)
from tests.servers import behaviours
from tests.servers.openai_server import Asked, OpenAIServer, Served

BUDGET_USD = Decimal("0.05")
COST_OF_ONE_USD = Decimal("0.00204")
USAGE = {"prompt_tokens": 40, "completion_tokens": 1000, "total_tokens": 1040}
RETRY_AFTER_S = 1


def spend(world: World, server: OpenAIServer, altered: str, *, kills: int) -> Run:
    """A run that could cost twice its budget, with kills on the way."""
    server.default = behaviours.ok("fine", delay_s=0.2, usage=USAGE)
    worker = world.worker(altered)
    run = plan(server, 60, budget_usd=BUDGET_USD)
    world.ring(run)
    for number in range(kills):
        wait_until_asked(server, 3 * number + 3)
        worker.kill_child()
    wait_until_over(run)
    return run


def test_the_budget_holds_while_workers_are_killed(world: World, server: OpenAIServer) -> None:
    run = spend(world, server, "", kills=1)
    check_ledger(run, server)
    assert server.count * COST_OF_ONE_USD <= run.committed_usd <= BUDGET_USD
    assert run.state == "stopped"
    assert "budget" in run.reason
    assert run.committed_usd > BUDGET_USD - 2 * COST_OF_ONE_USD


def test_without_setting_money_aside_calls_in_flight_overspend(world: World, server: OpenAIServer) -> None:
    run = spend(world, server, "without_reservation", kills=0)
    wait_until(lambda: not run.calls.filter(state="sent").exists(), "no call is out")
    spent = run.calls.aggregate(spent=Sum("cost_usd"))["spent"]
    assert spent > BUDGET_USD
    assert server.count * COST_OF_ONE_USD > BUDGET_USD


def shortest_wait_s(server: OpenAIServer, run: Run) -> float:
    """The shortest time between a refusal that names a wait and the same question again."""
    came: dict[str, list[float]] = defaultdict(list)

    def storm(asked: Asked) -> Served:
        question = str(asked.body["messages"])
        came[question].append(time.monotonic())
        if len(came[question]) == 1:
            return behaviours.too_many({"retry-after": str(RETRY_AFTER_S)})
        served = behaviours.ok("fine")
        assert not isinstance(served, Served)
        return served(asked)

    server.default = storm
    asyncio.run(pump(run.pk, stopping=lambda: False))
    assert states(run) == {"done": 24}
    assert {len(times) for times in came.values()} == {2}
    check_ledger(run, server)
    return min(second - first for first, second in came.values())


def test_in_a_storm_of_refusals_nobody_asks_again_before_the_time_named(
    world: World, server: OpenAIServer
) -> None:
    assert shortest_wait_s(server, plan(server, 24, concurrency=24)) >= RETRY_AFTER_S


def test_deaf_to_the_time_named_some_ask_too_early(
    world: World, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def keep_nothing(error: RateLimited, told: float | None) -> None:
        """Whatever wait the endpoint names is forgotten at once."""

    deaf = property(lambda _: None, keep_nothing)
    monkeypatch.setattr(RateLimited, "retry_after_s", deaf, raising=False)
    assert shortest_wait_s(server, plan(server, 24, concurrency=24)) < RETRY_AFTER_S


def asked_of_a_dry_account(server: OpenAIServer, run: Run) -> int:
    """How many requests reach an account after it has run dry."""
    server.default = behaviours.out_of_quota()
    asyncio.run(pump(run.pk, stopping=lambda: False))
    return server.count


def test_an_account_run_dry_stops_the_run_with_what_is_in_flight(world: World, server: OpenAIServer) -> None:
    run = plan(server, 40)
    assert asked_of_a_dry_account(server, run) <= CONCURRENCY
    run.refresh_from_db()
    assert run.state == "stopped"
    assert "quota" in run.reason
    assert states(run) == {"pending": 40}


def test_taken_for_one_samples_trouble_a_dry_account_is_asked_again_and_again(
    world: World, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuotaExhausted, "stops", "nothing")
    assert asked_of_a_dry_account(server, plan(server, 40)) == 40

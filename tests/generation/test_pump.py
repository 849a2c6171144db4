"""The pump against a real model server and a real database: each sample once, each request in the ledger."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from evalapp.generation import claiming, steering
from evalapp.generation.planning import RunRefused, plan_run
from evalapp.generation.running import Pumped, pump
from evalapp.models import ApiCall, Generation, Run, System, TaskSet
from evalapp.models.generation import MOST_ATTEMPTS
from tests.generation.pumping import states, work_on
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.django_db(transaction=True)
COST_OF_ONE = Decimal("0.0025")  # 500 input tokens at 1 USD and 1,000 output tokens at 2 USD per million


def test_every_sample_is_asked_once_and_written_down_with_its_cost(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    run = plan_run(task_set=task_set(40), system=system)
    assert work_on(run) == Pumped(40, more=False)
    run.refresh_from_db()
    assert (run.state, states(run)) == ("done", Counter(done=40))
    prompts = Counter(asked.body["messages"][-1]["content"] for asked in server.asked)  # type: ignore[index]
    assert prompts == Counter(f"Question {number}?" for number in range(40))
    calls = ApiCall.objects.filter(run=run)
    assert set(calls.values_list("state", "purpose", "try_number", "cost_usd")) == {
        ("answered", "answer", 1, COST_OF_ONE)
    }
    assert run.committed_usd == 40 * COST_OF_ONE
    generation = run.generations.select_related("sample").get(sample__key="q7")
    assert generation.output == "fine"
    assert generation.checks == {"exact_match": True}
    assert (generation.input_tokens, generation.output_tokens, generation.cost_usd) == (
        500,
        1000,
        COST_OF_ONE,
    )
    call = generation.calls.get()
    assert generation.latency_ms == pytest.approx(call.latency_ms)
    assert generation.served_by == "quartz-mini"
    assert call.request["messages"][-1] == {"role": "user", "content": "Question 7?"}
    assert '"fine"' in call.raw


def test_two_pumps_on_one_run_share_it_without_asking_anything_twice(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("fine", delay_s=0.01)
    run = plan_run(task_set=task_set(60), system=system, concurrency=8)
    with ThreadPoolExecutor(3) as workers:
        ended = sum(each.ended for each in workers.map(work_on, [run] * 3))
    assert ended == 60
    assert server.count == 60
    assert states(run) == Counter(done=60)


def test_all_workers_together_keep_within_the_concurrency(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    run = plan_run(task_set=task_set(20), system=system, concurrency=5)

    def claim_and_close(_: int) -> int:
        try:
            return len(claiming.claim(run.pk, most=4))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(claim_and_close, range(8))) == 5


def test_a_second_run_of_the_same_requests_costs_nothing(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    questions = task_set(10)
    work_on(plan_run(task_set=questions, system=system))
    again = plan_run(task_set=questions, system=system)
    work_on(again)
    assert server.count == 10
    assert states(again) == Counter(done=10)
    free = Decimal(0)
    assert Counter(again.calls.values_list("state", "cost_usd", "latency_ms")) == {("cached", free, None): 10}
    spent = Counter(again.generations.values_list("latency_ms", "cost_usd", "output_tokens"))
    assert spent == {(None, free, 1000): 10}


def test_a_measured_run_warms_up_goes_round_a_small_task_set_and_never_uses_stored_answers(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    questions = task_set(4)
    work_on(plan_run(task_set=questions, system=system))
    run = plan_run(task_set=questions, system=system, measured=True, warmup_calls=3, limit=10)
    work_on(run)
    assert server.count == 4 + 3 + 10
    assert Counter(run.calls.values_list("purpose", "state")) == Counter(
        {("warmup", "answered"): 3, ("answer", "answered"): 10}
    )
    assert Counter(run.generations.values_list("replicate", flat=True)) == Counter({0: 4, 1: 4, 2: 2})
    assert not run.generations.filter(latency_ms=None).exists()


def test_the_budget_is_never_exceeded_whatever_the_number_of_workers(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    usage = {"prompt_tokens": 40, "completion_tokens": 1000, "total_tokens": 1040}
    server.default = behaviours.ok("fine", delay_s=0.01, usage=usage)
    cost_of_one, budget = Decimal("0.00204"), Decimal("0.05")
    run = plan_run(task_set=task_set(60), system=system, budget_usd=budget, concurrency=12)
    with ThreadPoolExecutor(3) as workers:
        list(workers.map(work_on, [run] * 3))
    run.refresh_from_db()
    spent = run.calls.aggregate(spent=Sum("cost_usd"))["spent"]
    assert run.state == "stopped"
    assert "budget" in run.reason
    assert server.count * cost_of_one == spent == run.committed_usd
    assert budget - 2 * cost_of_one < spent <= budget
    assert states(run) == Counter(done=server.count, pending=60 - server.count)


def test_an_answer_after_a_server_error_costs_one_try_more_and_both_are_kept(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.next(behaviours.failing(500, "over capacity"))
    run = plan_run(task_set=task_set(1), system=system)
    work_on(run)
    assert list(run.calls.order_by("id").values_list("try_number", "state", "error", "http_status")) == [
        (1, "failed", "server_failed", 500),
        (2, "answered", "", 200),
    ]
    assert states(run) == Counter(done=1)


def test_a_spent_quota_stops_the_run_at_once_and_blames_no_sample(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.out_of_quota()
    run = plan_run(task_set=task_set(30), system=system, concurrency=2)
    assert work_on(run) == Pumped(0, more=False)
    run.refresh_from_db()
    assert run.state == "stopped"
    assert "quota" in run.reason
    assert server.count <= 2
    assert states(run) == Counter(pending=30)
    server.default = behaviours.ok("fine")
    assert steering.resume(run)
    work_on(run)
    assert states(run) == Counter(done=30)


def test_a_refusal_is_an_answer_and_is_kept_as_one(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok(None, message={"refusal": "I cannot help with that."})
    run = plan_run(task_set=task_set(1), system=system)
    work_on(run)
    assert list(run.generations.values_list("state", "output", "checks")) == [
        ("refused", "I cannot help with that.", None)
    ]


def test_what_no_database_text_can_hold_is_replaced_and_the_rest_kept(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok("a\x00b\\u0000c \u2028 d")
    run = plan_run(task_set=task_set(1), system=system)
    work_on(run)
    assert run.generations.get().output == "a\ufffdb\\u0000c \u2028 d"


def test_a_sample_that_always_fails_is_tried_again_later_and_given_up_in_the_end(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.web_page()
    run = plan_run(task_set=task_set(1), system=system)
    for attempt in range(1, MOST_ATTEMPTS + 1):
        Generation.objects.update(next_attempt_at=timezone.now())
        claimed = run.generations.get()
        assert claimed.attempt == attempt - 1
        _pump_one_attempt(run)
    run.refresh_from_db()
    generation = run.generations.get()
    assert (generation.state, generation.error, generation.attempt) == ("failed", "not_json", MOST_ATTEMPTS)
    assert run.state == "done"
    assert steering.retry_failed(run) == 1
    server.default = behaviours.ok("fine")
    work_on(run)
    assert states(run) == Counter(done=1)


def _pump_one_attempt(run: Run) -> None:
    """Stop as soon as the attempt has ended, so that the short wait before the next is not slept."""
    before = run.generations.get().attempt
    with ThreadPoolExecutor(1) as outside:

        def look() -> bool:
            try:
                now = run.generations.get()
                return now.attempt > before and now.state != "running"
            finally:
                connection.close()

        asyncio.run(pump(run.pk, stopping=lambda: outside.submit(look).result()))


def test_a_paused_run_claims_nothing_and_goes_on_when_resumed(
    task_set: Callable[[int], TaskSet], simulated_system: System
) -> None:
    run = plan_run(task_set=task_set(5), system=simulated_system)
    assert steering.pause(run)
    assert work_on(run) == Pumped(0, more=False)
    assert steering.resume(run)
    work_on(run)
    assert states(run) == Counter(done=5)
    assert not steering.pause(run)


def test_a_model_without_a_price_is_refused_before_anything_is_sent(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    assert system.model is not None
    system.model.prices.all().delete()
    with pytest.raises(RunRefused, match="quartz-mini has no price in force today"):
        plan_run(task_set=task_set(1), system=system)
    assert not Run.objects.exists()
    assert server.count == 0

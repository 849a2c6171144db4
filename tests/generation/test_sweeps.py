"""Measured runs planned together take turns, and what each concurrency reached can be read."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import override_settings

from evalapp.generation import claiming
from evalapp.generation.planning import RunRefused
from evalapp.generation.running import pump
from evalapp.generation.sweeps import plan_runs, sweep_of, throughput_of
from evalapp.models import ApiCall, Run, System, TaskSet
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.django_db(transaction=True)
NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def work_on(run: Run) -> int:
    return asyncio.run(pump(run.pk, stopping=lambda: False)).ended


def test_a_sweep_measures_each_concurrency_over_the_same_samples_one_after_another(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    runs = plan_runs(
        task_set=task_set(4),
        systems=[system],
        concurrencies=[1, 4, 16],
        measured=True,
        warmup_calls=2,
        limit=8,
    )
    assert [(run.concurrency, run.measured, run.generations.count()) for run in runs] == [
        (1, True, 8),
        (4, True, 8),
        (16, True, 8),
    ]
    assert len({run.series for run in runs}) == 1
    assert len({tuple(run.generations.values_list("sample_id", "replicate")) for run in runs}) == 1
    first, second, third = runs
    assert claiming.waiting_runs() == [first.pk]
    assert [work_on(third), work_on(second), server.count] == [0, 0, 0]
    assert (work_on(first), claiming.next_in_series(first.pk)) == (8, second.pk)
    assert server.count == 2 + 8
    assert (claiming.waiting_runs(), claiming.next_in_series(second.pk)) == ([second.pk], None)
    assert (work_on(second), work_on(third)) == (8, 8)
    assert claiming.next_in_series(third.pk) is None
    assert [each.concurrency for each in sweep_of(first)] == [1, 4, 16]
    assert [(each.calls, each.failed) for each in sweep_of(first)] == [(8, 0)] * 3


def test_a_paused_run_holds_its_series_up_and_a_cancelled_one_does_not(
    task_set: Callable[[int], TaskSet], simulated_system: System
) -> None:
    first, second = plan_runs(
        task_set=task_set(1), systems=[simulated_system], concurrencies=[1, 2], measured=True, warmup_calls=0
    )
    Run.objects.filter(pk=first.pk).update(state="paused")
    assert (claiming.waiting_runs(), claiming.is_in_turn(second)) == ([], False)
    Run.objects.filter(pk=first.pk).update(state="cancelled")
    assert (claiming.waiting_runs(), claiming.is_in_turn(second)) == ([second.pk], True)


def test_runs_that_are_not_measured_need_no_turns(
    task_set: Callable[[int], TaskSet], system: System, simulated_system: System
) -> None:
    runs = plan_runs(task_set=task_set(1), systems=[system, simulated_system])
    assert [run.series for run in runs] == [None, None]
    assert claiming.waiting_runs() == [run.pk for run in runs]


@pytest.mark.parametrize(
    ("concurrencies", "measured", "words"),
    [
        ([1, 4], False, "measured runs"),
        ([1, 1], True, "once"),
        ([0], True, "1 to 512"),
        ([1, 513], True, "1 to 512"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused_whole(
    concurrencies: list[int], measured: bool, words: str, task_set: Callable[[int], TaskSet], system: System
) -> None:
    with pytest.raises(RunRefused, match=words):
        plan_runs(task_set=task_set(1), systems=[system], concurrencies=concurrencies, measured=measured)
    assert not Run.objects.exists()


def test_throughput_is_that_worked_out_by_hand(
    task_set: Callable[[int], TaskSet], simulated_system: System
) -> None:
    (run,) = plan_runs(task_set=task_set(5), systems=[simulated_system], measured=True, limit=5)
    model = simulated_system.model
    assert model is not None
    # Sent at 0, 1, 2 and 3 s, answered after 100, 200, 300 and 1,000 ms: four in 4 s.
    sent = [
        (0, 100.0, "answered", "answer"),
        (1, 200.0, "answered", "answer"),
        (2, 300.0, "answered", "answer"),
    ]
    sent += [
        (3, 1000.0, "answered", "answer"),
        (3, 9000.0, "failed", "answer"),
        (0, 50.0, "answered", "warmup"),
    ]
    for generation, (second, latency_ms, state, purpose) in zip(
        [*run.generations.all(), None], sent, strict=True
    ):
        ApiCall.objects.create(
            run=run,
            generation=generation,
            model=model,
            purpose=purpose,
            state=state,
            request_key="",
            request={},
            sent_at=NINE + timedelta(seconds=second),
            latency_ms=latency_ms,
            cost_usd=Decimal(0),
        )
    (found,) = throughput_of([run])
    assert (found.calls, found.failed, found.seconds, found.calls_per_second) == (4, 1, 4.0, 1.0)
    assert found.median_ms == 250.0
    assert found.p95_ms == pytest.approx(895.0)


def test_the_environment_of_a_run_is_noted_once_by_the_worker_that_begins_it(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    (run,) = plan_runs(task_set=task_set(2), systems=[system])
    assert run.environment == {}
    with override_settings(REGION="eu-central"):
        work_on(run)
    run.refresh_from_db()
    noted = run.environment
    assert (noted["region"], noted["endpoints"]) == (
        "eu-central",
        [{"name": "local", "model": "quartz-mini", "address": server.base_url}],
    )
    assert set(noted) == {"noted_at", "region", "system", "machine", "processors", "versions", "endpoints"}
    Run.objects.filter(pk=run.pk).update(state="running")
    run.generations.update(state="pending", attempt=0)
    with override_settings(REGION="elsewhere"):
        work_on(run)
    run.refresh_from_db()
    assert run.environment == noted

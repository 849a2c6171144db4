"""Leases: what a dead worker held comes back, a deadly sample is given up, a late answer changes nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from evalapp.generation import claiming, ledger
from evalapp.generation.entries import GenerationEnd
from evalapp.generation.planning import plan_run
from evalapp.models import ApiCall, Generation, Run, System, TaskSet
from evalapp.models.generation import MOST_ATTEMPTS
from tests.generation.pumping import states

pytestmark = pytest.mark.django_db(transaction=True)
COST_OF_ONE = Decimal("0.0025")  # 500 input tokens at 1 USD and 1,000 output tokens at 2 USD per million


def test_what_a_dead_worker_held_comes_back_and_its_open_request_is_unknown_at_its_worst_cost(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    assert system.model is not None
    run = plan_run(task_set=task_set(3), system=system)
    held = claiming.claim(run.pk, most=2)
    assert len(held) == 2
    ApiCall.objects.create(
        run=run,
        generation_id=held[0].generation_id,
        model=system.model,
        request_key="0" * 64,
        request={},
        sent_at=timezone.now(),
        reserved_usd=Decimal("0.004"),
    )
    assert claiming.reclaim_expired(settling=timedelta(0)) == 0
    Generation.objects.filter(state="running").update(lease_until=timezone.now() - timedelta(seconds=1))
    assert claiming.reclaim_expired(settling=timedelta(0)) == 2
    assert states(run) == Counter(pending=3)
    assert list(run.calls.values_list("state", "error", "cost_usd")) == [
        ("unknown", "worker_lost", Decimal("0.004"))
    ]


def die_with(poison: Generation, run: Run) -> int:
    """Work on the run by hand while whoever holds the poison dies of it; how often somebody did."""
    deaths = 0
    while claimed := claiming.claim(run.pk, most=4, idle=True):
        if any(each.generation_id == poison.pk for each in claimed):
            deaths += 1
            Generation.objects.filter(state="running").update(lease_until="2000-01-01T00:00Z")
            claiming.reclaim_expired(settling=timedelta(0))
        else:
            fields: dict[str, object] = {"state": "done", "output": "fine"}
            ends = [GenerationEnd(each.generation_id, each.lease_token, fields) for each in claimed]
            assert all(ledger.Batch(ends).write())
    return deaths


def test_a_sample_that_kills_its_worker_has_failed_in_the_end_and_takes_no_other_with_it(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    run = plan_run(task_set=task_set(4), system=system, concurrency=4)
    poison = run.generations.all()[1]
    assert die_with(poison, run) == MOST_ATTEMPTS
    poison.refresh_from_db()
    assert (poison.state, poison.error) == ("failed", "worker_lost")
    # Out beside it twice, alone from then on.
    assert Counter(run.generations.values_list("state", "attempt")) == Counter(
        {("failed", MOST_ATTEMPTS): 1, ("done", 3): 3}
    )


def test_were_it_not_taken_alone_its_neighbours_would_fail_with_it(
    task_set: Callable[[int], TaskSet], system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claiming, "DEATHS_TO_SUSPECT", MOST_ATTEMPTS)
    run = plan_run(task_set=task_set(4), system=system, concurrency=4)
    die_with(run.generations.all()[1], run)
    assert states(run) == Counter(failed=4)


def test_a_suspect_is_taken_by_itself_and_only_by_a_process_that_has_nothing_else_out(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    run = plan_run(task_set=task_set(3), system=system, concurrency=3)
    run.generations.update(error="worker_lost", attempt=2)
    assert claiming.claim(run.pk, most=3) == []
    [taken] = claiming.claim(run.pk, most=3, idle=True)
    assert taken.alone


def test_an_answer_that_comes_after_its_lease_was_lost_changes_nothing(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    run = plan_run(task_set=task_set(1), system=system)
    (lost,) = claiming.claim(run.pk, most=1)
    Generation.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    claiming.reclaim_expired(settling=timedelta(0))
    (mine,) = claiming.claim(run.pk, most=1)
    late = GenerationEnd(lost.generation_id, lost.lease_token, {"state": "done", "output": "late"})
    good = GenerationEnd(mine.generation_id, mine.lease_token, {"state": "done", "output": "good"})
    assert ledger.Batch([late]).write() == [False]
    assert ledger.Batch([good]).write() == [True]
    assert run.generations.get().output == "good"

"""A run of the real model through the pump: every request and its tokens in the ledger."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from evalapp.generation.planning import plan_run
from evalapp.generation.running import Pumped, pump
from evalapp.models import ApiCall, Endpoint, System, TaskSet
from evalapp.registry.catalogue import load_catalogue
from evalapp.tasksets.importing import import_task_set
from raters.demonstration.choosing import LOCAL, choose

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def systems(base_url: str) -> list[System]:
    """The two systems of the demonstration, on the running server."""
    chosen = choose(LOCAL, {}, EXAMPLES, local_address=base_url)
    load_catalogue(chosen.text, base_dir=chosen.base_dir)
    return [System.objects.get(name=name) for name in chosen.systems]


@pytest.fixture
def questions() -> TaskSet:
    data = (EXAMPLES / "qa.jsonl").read_bytes()
    return import_task_set(name="Questions", kind="qa", data=data, source_name="qa.jsonl").task_set


def test_a_run_of_the_real_model_is_answered_and_written_down(
    systems: list[System], questions: TaskSet, base_url: str
) -> None:
    assert Endpoint.objects.get().base_url == base_url
    runs = [plan_run(task_set=questions, system=system, limit=4, streamed=True) for system in systems]
    for run in runs:
        assert asyncio.run(pump(run.pk, stopping=lambda: False)) == Pumped(4, more=False)
        run.refresh_from_db()
        assert (run.state, run.committed_usd) == ("done", Decimal(0))
        calls = ApiCall.objects.filter(run=run)
        assert set(
            calls.values_list("state", "try_number", "usage_estimated", "cost_usd", "http_status")
        ) == {("answered", 1, False, Decimal(0), 200)}
        for generation in run.generations.all():
            assert isinstance(generation.output, str)
            assert generation.output
            assert generation.served_by == "smollm2-135m-instruct"
            assert generation.checks is not None
            assert 0 < (generation.first_token_ms or 0) < (generation.latency_ms or 0)
            assert (generation.input_tokens or 0) > 10
    brief, free = (list(run.generations.order_by("sample__position")) for run in runs)
    assert [each.output for each in brief] != [each.output for each in free]


def test_the_same_run_again_says_the_same_without_asking(systems: list[System], questions: TaskSet) -> None:
    texts = []
    for _ in range(2):
        run = plan_run(task_set=questions, system=systems[0], limit=2)
        asyncio.run(pump(run.pk, stopping=lambda: False))
        texts.append(list(run.generations.order_by("sample__position").values_list("output", flat=True)))
    assert texts[0] == texts[1]
    assert list(run.calls.values_list("state", flat=True)) == ["cached", "cached"]

"""What a run would send, cost and take is reckoned from its real requests, and nothing is sent."""

import asyncio
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from evalapp.generation.estimating import Estimate, estimate
from evalapp.generation.planning import plan_run
from evalapp.generation.running import pump
from evalapp.models import ApiCall, Endpoint, LanguageModel, Price, Run, Sample, System, TaskSet
from evalapp.registry.tokenizing import picture_tokens
from evalapp.tasksets.importing import import_task_set
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.django_db(transaction=True)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


NO_PRICE = (
    "Model quartz-mini has no price in force today. Add one on the page of systems, or to the models file."
)


def made(kind: str, payloads: list[dict[str, object]]) -> TaskSet:
    task_set = TaskSet.objects.create(
        name=kind, kind=kind, checksum="0" * 64, sample_count=len(payloads), source_name="f.jsonl"
    )
    Sample.objects.bulk_create(
        Sample(task_set=task_set, position=number, key=f"s{number}", payload=payload)
        for number, payload in enumerate(payloads)
    )
    return task_set


def test_a_run_without_earlier_ones_is_reckoned_at_the_longest_answers_allowed(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    found = estimate(task_set=task_set(40), system=system)
    assert (found.samples, found.looked_at, found.calls, found.stored_calls) == (40, 40, 40, 0)
    assert (found.output_tokens, found.output_tokens_most) == (40_000, 40_000)
    assert found.cost_usd == found.cost_most_usd
    assert found.cost_usd == Decimal(found.input_tokens) / 10**6 + Decimal(40_000) * 2 / 10**6
    assert (found.budget, found.problems) == ("none", ())
    # 0.5 s and 1,000 times 15 ms for each, sixteen at a time.
    assert found.seconds == pytest.approx(40 * 15.5 / 16)
    assert (server.count, Run.objects.count(), ApiCall.objects.count()) == (0, 0, 0)


def test_earlier_answers_say_how_long_the_next_ones_will_be_and_stored_ones_cost_nothing(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok(
        "fine", usage={"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    )
    questions = task_set(10)
    run = plan_run(task_set=questions, system=system, limit=4)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    found = estimate(task_set=questions, system=system)
    assert (found.calls, found.stored_calls, found.output_tokens) == (10, 4, 200)
    assert found.output_tokens_most == 10_000
    assert found.notes == ("Answers are taken to be as long as 4 earlier ones of this system.",)
    paid = Decimal(found.input_tokens) / 10**6 + Decimal(200) * 2 / 10**6
    assert float(found.cost_usd) == pytest.approx(float(paid) * 0.6)
    other = System.objects.create(name="another", model=system.model)
    again = estimate(task_set=questions, system=other, measured=True, limit=10, warmup_calls=0)
    assert (again.stored_calls, again.output_tokens) == (0, 200)
    assert "of this model" in again.notes[0]


def test_more_samples_than_are_looked_at_are_scaled_up(system: System) -> None:
    payloads: list[dict[str, object]] = [{"prompt": "word " * 100} for _ in range(1000)]
    found = estimate(task_set=made("qa", payloads), system=system)
    assert (found.samples, found.looked_at, found.calls) == (1000, 200, 1000)
    one = estimate(task_set=TaskSet.objects.get(), system=system, limit=1)
    assert found.input_tokens == 1000 * one.input_tokens


def test_a_measured_run_counts_its_warm_up_and_keeps_one_request_out(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    found = estimate(task_set=task_set(5), system=system, measured=True, warmup_calls=20)
    assert (found.samples, found.calls) == (100, 120)
    assert found.seconds == pytest.approx(120 * 15.5)
    four = estimate(
        task_set=TaskSet.objects.get(), system=system, measured=True, warmup_calls=20, concurrency=4
    )
    assert four.seconds == pytest.approx(120 * 15.5 / 4)


def test_limits_per_minute_decide_how_long_a_fast_model_takes(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    Endpoint.objects.update(requests_per_minute=2)
    system.refresh_from_db()
    found = estimate(task_set=task_set(40), system=System.objects.get())
    assert found.seconds == pytest.approx(20 * 60)
    assert "The time is what the endpoint's limits per minute leave." in found.notes


@pytest.mark.parametrize(
    ("budget", "said"),
    [(None, "none"), ("0.000001", "too small"), ("0.05", "too small"), ("100", "holds")],
)
def test_whether_the_budget_holds_the_run_is_said(
    budget: str | None, said: str, task_set: Callable[[int], TaskSet], system: System
) -> None:
    amount = None if budget is None else Decimal(budget)
    assert estimate(task_set=task_set(40), system=system, budget_usd=amount).budget == said


def test_a_budget_between_the_likely_and_the_most_may_be_reached(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    server.default = behaviours.ok(
        "fine", usage={"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}
    )
    questions = task_set(40)
    run = plan_run(task_set=questions, system=system, limit=1)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    found = estimate(task_set=questions, system=system, budget_usd=Decimal("0.01"))
    assert found.cost_usd < Decimal("0.01") < found.cost_most_usd
    assert found.budget == "may be reached"


def test_a_missing_price_model_or_key_is_a_problem_before_anything_is_reckoned(
    task_set: Callable[[int], TaskSet], system: System
) -> None:
    questions = task_set(1)
    imported = System.objects.create(name="made elsewhere")
    assert "has no model" in estimate(task_set=questions, system=imported).problems[0]
    Price.objects.all().delete()
    assert estimate(task_set=questions, system=system) == Estimate(
        system.name,
        problems=(NO_PRICE,),
    )
    Endpoint.objects.update(api_key_env="MISSING_API_KEY")
    assert (
        "MISSING_API_KEY" in estimate(task_set=questions, system=System.objects.get(pk=system.pk)).problems[0]
    )


@pytest.mark.parametrize(
    ("kind", "payload", "temperature", "suggested"),
    [
        ("qa", {"prompt": "2 + 2?", "reference": "4"}, 0.7, True),
        ("qa", {"prompt": "2 + 2?", "reference": "4"}, 0.0, False),
        ("qa", {"prompt": "2 + 2?", "reference": "4"}, None, True),
        ("qa", {"prompt": "Write a poem."}, 0.7, False),
        ("classify", {"text": "a", "labels": ["x", "y"]}, 0.7, True),
        ("code", {"prompt": "Write it.", "tests": "assert True"}, 0.7, True),
        ("chat", {"turns": ["Hello"]}, 0.7, False),
    ],
)
def test_a_temperature_of_nought_is_suggested_where_there_is_a_right_answer(
    kind: str, payload: dict[str, object], temperature: float | None, suggested: bool, system: System
) -> None:
    system.temperature = temperature
    system.save()
    found = estimate(task_set=made(kind, [payload]), system=system)
    assert bool(found.suggestions) == suggested


def test_items_share_requests_and_turns_and_parts_need_more_of_them(system: System) -> None:
    items: list[dict[str, object]] = [{"text": f"text {n}", "labels": ["x", "y"]} for n in range(250)]
    system.max_tokens = None
    system.save()
    assert estimate(task_set=made("classify", items), system=system).calls == 3
    assert estimate(task_set=made("chat", [{"turns": ["a", "b", "c"]}]), system=system).calls == 3
    assert system.model is not None
    system.model.context_tokens = 2000
    system.model.save()
    document = "This is a sentence of a long document. " * 1000
    assert estimate(task_set=made("summarize", [{"document": document}]), system=system).calls > 8


def test_a_second_model_counts_as_often_as_it_served_before(
    task_set: Callable[[int], TaskSet], system: System, server: OpenAIServer
) -> None:
    assert system.model is not None
    large = LanguageModel.objects.create(endpoint=system.model.endpoint, name="quartz-grand")
    Price.objects.create(
        model=large,
        input_usd_per_mtok=Decimal(10),
        output_usd_per_mtok=Decimal(20),
        valid_from=date(2024, 1, 1),
        source_url="https://example.org",
        checked_on=date(2024, 1, 1),
    )
    questions = task_set(4)
    alone = estimate(task_set=questions, system=system)
    system.fallback_model, system.fallback_rule = large, {"pattern": "bad"}
    system.save()
    unknown = estimate(task_set=questions, system=system)
    assert unknown.cost_usd == alone.cost_usd
    assert unknown.cost_most_usd == 11 * alone.cost_most_usd
    server.next(*map(behaviours.ok, ["bad", "good", "bad again", "good", "good", "good"]))
    run = plan_run(task_set=questions, system=system, concurrency=1)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    assert run.generations.exclude(fallback_reason="").count() == 2
    known = estimate(task_set=questions, system=system, measured=True, limit=4, warmup_calls=0)
    assert "quartz-grand is taken to serve 50.0% of the samples, as in earlier runs." in known.notes


@pytest.mark.parametrize("path", ["caption.zip", "classify.csv"])
def test_examples_with_pictures_and_labels_are_reckoned(path: str, simulated_system: System) -> None:
    kind = "caption" if path.endswith("zip") else "classify"
    data = (EXAMPLES / path).read_bytes()
    imported = import_task_set(name=path, kind=kind, data=data, source_name=path)
    found = estimate(task_set=imported.task_set, system=simulated_system)
    assert found.problems == ()
    assert found.input_tokens > found.samples * 10


@pytest.mark.parametrize(
    ("size", "detail", "tokens"),
    [
        ((4096, 8192), "low", 85),
        ((1024, 1024), "auto", 765),
        ((2048, 4096), "high", 1105),
        ((512, 512), "high", 255),
    ],
)
def test_pictures_have_the_tokens_that_their_maker_publishes(
    size: tuple[int, int], detail: str, tokens: int
) -> None:
    assert picture_tokens(*size, detail=detail) == tokens  # type: ignore[arg-type]

"""Routed systems against real model servers: who served, why, what it cost, sample by sample."""

import asyncio
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from evalapp.generation import checking
from evalapp.generation.fallbacks import Fallbacks, fallbacks_of
from evalapp.generation.planning import plan_run
from evalapp.generation.running import pump
from evalapp.generation.sandbox.verdict import Verdict, not_run
from evalapp.models import Generation, LanguageModel, Price, Run, Sample, System, TaskSet
from tests.servers import behaviours
from tests.servers.openai_server import Asked, Behaviour, OpenAIServer, Served

pytestmark = pytest.mark.django_db(transaction=True)
LABELS = ["card", "cash"]
COST_OF_ONE = Decimal("0.0025")


def route(system: System, rule: dict[str, object]) -> System:
    """Give the system a larger model at the same endpoint, at twice the price."""
    assert system.model is not None
    large = LanguageModel.objects.create(endpoint=system.model.endpoint, name="quartz-grand")
    Price.objects.create(
        model=large,
        input_usd_per_mtok=Decimal(2),
        output_usd_per_mtok=Decimal(4),
        valid_from=date(2024, 1, 1),
        source_url="https://example.org/prices",
        checked_on=date(2024, 1, 1),
    )
    system.fallback_model, system.fallback_rule = large, rule
    system.save()
    return system


def by_model(small: Behaviour, large: Behaviour) -> Behaviour:
    """Answer as one or the other, by the model that is asked."""

    def behave(asked: Asked) -> Served:
        chosen = small if asked.body["model"] == "quartz-mini" else large
        return chosen if isinstance(chosen, Served) else chosen(asked)

    return behave


def work_on(task_set: TaskSet, system: System) -> Run:
    run = plan_run(task_set=task_set, system=system)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    run.refresh_from_db()
    return run


def made(kind: str, payloads: list[dict[str, object]]) -> TaskSet:
    task_set = TaskSet.objects.create(
        name=kind, kind=kind, checksum="0" * 64, sample_count=len(payloads), source_name="f.jsonl"
    )
    for number, payload in enumerate(payloads):
        Sample.objects.create(task_set=task_set, position=number, key=f"s{number}", payload=payload)
    return task_set


def labelled(asked: Asked, choose: Callable[[str], str | None]) -> Served:
    """A reply that labels each item of a batch, or leaves it out."""
    messages = asked.body["messages"]
    assert isinstance(messages, list)
    items = [json.loads(line) for line in messages[-1]["content"].split("\n") if line.startswith("{")]
    answers = [
        {"item": item["item"], "label": label}
        for item in items
        if (label := choose(item["text"])) is not None
    ]
    reply = behaviours.ok(json.dumps({"answers": answers}))
    return reply if isinstance(reply, Served) else reply(asked)


def served(run: Run) -> list[tuple[str, str, str]]:
    rows = run.generations.order_by("sample__position")
    return list(rows.values_list("sample__key", "served_by", "fallback_reason"))


def test_only_the_samples_without_an_allowed_label_go_to_the_larger_model(
    system: System, server: OpenAIServer
) -> None:
    texts = [f"text {number}" for number in range(6)]
    task_set = made("classify", [{"text": text, "label": "card", "labels": LABELS} for text in texts])
    server.default = by_model(
        lambda asked: labelled(asked, lambda text: "cheque" if text in {"text 1", "text 4"} else "card"),
        lambda asked: labelled(asked, lambda _: "cash"),
    )
    run = work_on(task_set, route(system, {"unknown_label": True}))
    reasons = {"s1": "unknown label", "s4": "unknown label"}
    assert served(run) == [
        (f"s{n}", "quartz-grand" if f"s{n}" in reasons else "quartz-mini", reasons.get(f"s{n}", ""))
        for n in range(6)
    ]
    assert [each.output for each in run.generations.order_by("sample__position")] == [
        "cash" if f"s{n}" in reasons else "card" for n in range(6)
    ]
    # The small model is asked about the two gaps again, and then the larger one about both together.
    assert [asked.body["model"] for asked in server.asked] == ["quartz-mini"] * 2 + ["quartz-grand"]
    assert list(run.calls.filter(model__name="quartz-grand").values_list("shared_by", flat=True)) == [2]
    costs = list(run.generations.order_by("sample__position").values_list("cost_usd", flat=True))
    assert sum(cost or 0 for cost in costs) == 4 * COST_OF_ONE == run.committed_usd
    assert costs[0] is not None
    assert costs[1] == costs[0] + COST_OF_ONE
    found = fallbacks_of(run)
    assert found is not None
    assert (found.model, found.answered, found.trips, found.trip_rate) == ("quartz-grand", 6, 2, 1 / 3)
    assert (found.reasons, found.calls, found.cost_usd) == ((("unknown label", 2),), 1, 2 * COST_OF_ONE)


def test_without_the_rule_an_unknown_label_is_a_failure(system: System, server: OpenAIServer) -> None:
    task_set = made("classify", [{"text": "text", "labels": LABELS}])
    server.default = by_model(
        lambda asked: labelled(asked, lambda _: "cheque"), lambda asked: labelled(asked, lambda _: "cash")
    )
    run = work_on(task_set, route(system, {"refusal": True}))
    assert [(each.state, each.error) for each in run.generations.all()] == [("failed", "unanswered")]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        (Verdict("failed", passed=1, run=3), "failed tests"),
        (Verdict("timeout"), "tests ran out of time"),
        (Verdict("passed", passed=3, run=3), ""),
        (not_run("no sandbox here"), ""),
    ],
    ids=["failed", "timeout", "passed", "not run"],
)
def test_code_that_fails_its_tests_is_asked_of_the_larger_model(
    verdict: Verdict, reason: str, system: System, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tested(_payload: object, code: object) -> Verdict:
        return Verdict("passed", passed=3, run=3) if code == "large = 1\n" else verdict

    monkeypatch.setattr(checking, "tested", tested)
    task_set = made("code", [{"prompt": "Write it.", "tests": "assert True"}])
    server.default = by_model(
        behaviours.ok("```python\nsmall = 1\n```"),
        behaviours.ok("```python\nlarge = 1\n```"),
    )
    run = work_on(task_set, route(system, {"failed_tests": True}))
    generation = run.generations.get()
    expected = ("quartz-grand", reason, "passed") if reason else ("quartz-mini", "", verdict.state)
    assert generation.checks is not None
    assert (generation.served_by, generation.fallback_reason, generation.checks["state"]) == expected
    assert server.count == (2 if reason else 1)
    found = fallbacks_of(run)
    assert found is not None
    assert found.untested == (verdict.state == "not_run")
    assert generation.latency_ms == pytest.approx(sum(call.latency_ms or 0 for call in run.calls.all()))


def test_a_cut_answer_goes_to_the_larger_model_at_once_and_both_requests_are_kept(
    system: System, server: OpenAIServer, task_set: Callable[[int], TaskSet]
) -> None:
    def small(asked: Asked) -> Served:
        cut = "Question 1?" in asked.raw.decode()
        reply = behaviours.ok("Half", choice={"finish_reason": "length"}) if cut else behaviours.ok("fine")
        return reply if isinstance(reply, Served) else reply(asked)

    server.default = by_model(small, behaviours.ok("Whole"))
    run = work_on(task_set(3), route(system, {"truncation": True}))
    assert served(run) == [
        ("q0", "quartz-mini", ""),
        ("q1", "quartz-grand", "truncation"),
        ("q2", "quartz-mini", ""),
    ]
    routed = Generation.objects.get(run=run, sample__key="q1")
    assert [call.model.name for call in routed.calls.order_by("id")] == ["quartz-mini", "quartz-grand"]
    assert (routed.output, routed.finish_reason) == ("Whole", "stop")


def test_log_probabilities_are_asked_for_when_the_rule_needs_them(
    system: System, server: OpenAIServer, task_set: Callable[[int], TaskSet]
) -> None:
    unsure = {"content": [{"token": "fine", "logprob": -2.5, "bytes": None, "top_logprobs": []}]}
    server.default = by_model(
        behaviours.ok("fine", choice={"logprobs": unsure}),
        behaviours.ok("sure"),
    )
    run = work_on(task_set(1), route(system, {"min_mean_logprob": -1.0}))
    assert served(run) == [("q0", "quartz-grand", "low log-probability")]
    assert [asked.body.get("logprobs") for asked in server.asked] == [True, None]


def test_a_system_without_a_second_model_has_no_fallbacks(
    system: System, task_set: Callable[[int], TaskSet]
) -> None:
    assert fallbacks_of(plan_run(task_set=task_set(1), system=system)) is None


def test_before_anything_is_answered_there_is_no_rate(
    system: System, task_set: Callable[[int], TaskSet]
) -> None:
    found = fallbacks_of(plan_run(task_set=task_set(1), system=route(system, {"empty": True})))
    assert found == Fallbacks("quartz-grand", 0, 0, (), 0, Decimal(0), None, 0)
    assert found.trip_rate is None

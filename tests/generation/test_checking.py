"""Checks of answers: code's tests only where the operator allows it, and no fault of ours costs an answer."""

import asyncio
import logging
import uuid
from collections.abc import Mapping

import pytest
from pytest_django.fixtures import Settings

from evalapp.generation import checking
from evalapp.generation.checking import checks_of
from evalapp.generation.claiming import Claimed
from evalapp.generation.planning import plan_run
from evalapp.generation.running import pump
from evalapp.generation.sandbox.verdict import Verdict
from evalapp.kinds import KINDS
from evalapp.kinds.base import Answer
from evalapp.models import Sample, System, TaskSet
from evalapp.providers.errors import EmptyContent
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

PAYLOAD: dict[str, object] = {
    "prompt": "Write double(x).",
    "tests": "def check(candidate):\n    assert candidate(2) == 4\n",
    "entry_point": "double",
}
DOUBLE = "def double(x):\n    return 2 * x\n"
PASSED = {"state": "passed", "passed": True, "tests_passed": 1, "tests_run": 1, "reason": "", "output": ""}


def checked(
    outcome: Answer | Exception, payload: dict[str, object] = PAYLOAD, kind: str = "code"
) -> Mapping[str, object] | None:
    (found,) = asyncio.run(checks_of([Claimed(1, 1, uuid.uuid4(), payload)], [outcome], KINDS[kind]))
    return found


def answer(code: str | None, refusal: str | None = None) -> Answer:
    return Answer(output="…", finish_reason="stop", refusal=refusal, detail={"code": code, "language": ""})


@pytest.fixture
def runs_code(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """The operator allows it; what the sandbox is given is written down and always passes."""
    settings.RUN_CODE = True
    given: list[tuple[object, ...]] = []

    async def run_tests(*words: object, prompt: str) -> Verdict:
        given.append((*words, prompt))
        return Verdict("passed", 1, 1)

    monkeypatch.setattr(checking, "run_tests", run_tests)
    return given


def test_code_is_not_run_unless_the_operator_says_so(settings: Settings) -> None:
    assert settings.RUN_CODE is False
    assert checked(answer(DOUBLE)) == {
        "state": "not_run",
        "reason": "running code that models wrote is turned off here; the operator sets RUN_CODE=1",
    }


def test_the_code_the_tests_and_the_prompt_go_into_the_sandbox(runs_code: list[tuple[object, ...]]) -> None:
    assert checked(answer(DOUBLE)) == PASSED
    assert runs_code == [(DOUBLE, PAYLOAD["tests"], "double", PAYLOAD["prompt"])]


@pytest.mark.parametrize("language", ["Python", "python3", " py "])
def test_python_has_several_names(language: str, runs_code: list[tuple[object, ...]]) -> None:
    assert checked(answer(DOUBLE), {**PAYLOAD, "language": language}) == PASSED


def test_another_language_is_not_run(runs_code: list[tuple[object, ...]]) -> None:
    assert checked(answer(DOUBLE), {**PAYLOAD, "language": "Rust"}) == {
        "state": "not_run",
        "reason": "only Python is run here, and the sample asks for Rust",
    }
    assert runs_code == []


@pytest.mark.parametrize("code", [None, "", " \n"])
def test_an_answer_without_code_has_failed(code: str | None, runs_code: list[tuple[object, ...]]) -> None:
    found = checked(answer(code))
    assert found is not None
    assert (found["state"], found["passed"], found["reason"]) == ("failed", False, "the answer holds no code")
    assert runs_code == []


def test_refusals_and_failures_have_no_checks(runs_code: list[tuple[object, ...]]) -> None:
    assert checked(answer(DOUBLE, refusal="I cannot help with that.")) is None
    assert checked(EmptyContent("nothing")) is None
    assert runs_code == []


def test_other_kinds_check_themselves() -> None:
    found = checked(Answer("fine", "stop"), {"prompt": "How?", "reference": "Fine."}, kind="qa")
    assert found == {"exact_match": True}


def test_a_fault_in_testing_does_not_lose_the_answer(
    runs_code: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*words: object, prompt: str) -> Verdict:
        raise RuntimeError("of ours")

    monkeypatch.setattr(checking, "run_tests", broken)
    with caplog.at_level(logging.ERROR):
        assert checked(answer(DOUBLE)) == {
            "state": "not_run",
            "reason": "a fault of this program: RuntimeError",
        }
    assert "Testing the code of generation 1 failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_the_pump_stores_what_the_tests_said(
    system: System, server: OpenAIServer, settings: Settings
) -> None:
    settings.RUN_CODE = True
    server.default = behaviours.ok(f"Here it is:\n```python\n{DOUBLE}```\n")
    task_set = TaskSet.objects.create(
        name="doubling", kind="code", checksum="0" * 64, sample_count=2, source_name="doubling.jsonl"
    )
    wrong = {**PAYLOAD, "tests": "def check(candidate):\n    assert candidate(2) == 5\n"}
    for position, payload in enumerate((PAYLOAD, wrong)):
        Sample.objects.create(task_set=task_set, position=position, key=f"s{position}", payload=payload)
    run = plan_run(task_set=task_set, system=system)
    asyncio.run(pump(run.pk, stopping=lambda: False))
    right, failed = run.generations.order_by("sample__position").values_list("checks", flat=True)
    assert right == PASSED
    assert failed is not None
    assert (failed["state"], failed["passed"], failed["tests_run"]) == ("failed", False, 1)
    assert "assert candidate(2) == 5" in failed["output"]

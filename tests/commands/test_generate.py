"""``manage.py generate``: a dry run starts nothing, and a probe stops what cannot go well."""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from evalapp import tasks
from evalapp.models import ApiCall, Endpoint, Run, System
from evalapp.models.registry import ProviderName
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer
from tests.studies.casting import make_task_set
from tests.views.machine import make_system

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were told of."""
    numbers: list[int] = []
    monkeypatch.setattr(tasks, "ring", numbers.append)
    return numbers


@pytest.fixture
def system() -> System:
    """A simulated system over a task set named "set"."""
    make_task_set("set", samples=4)
    return make_system()


@pytest.fixture
def server(system: System) -> Iterator[OpenAIServer]:
    """The system's endpoint turned into a real server."""
    with OpenAIServer(default=behaviours.ok("OK")) as running:
        Endpoint.objects.update(
            provider=ProviderName.OPENAI_COMPATIBLE, base_url=running.base_url, options={}, timeout_s=5
        )
        yield running


def generate(*options: str) -> None:
    call_command("generate", "--taskset", "set", "--system", "small", *options)


def test_a_dry_run_prints_tokens_cost_and_time_and_starts_nothing(
    system: System, rung: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    generate("--dry-run", "--limit", "2", "--budget", "0.00001")
    said = capsys.readouterr().out
    assert said.startswith("small: 2 samples, about 2 requests (16 at a time); ")
    assert "The budget is too small." in said
    assert "A temperature of 0 gives steadier answers" in said
    generate("--dry-run", "--json", "--measure", "--sweep", "1,4", "--warmup", "5")
    found = json.loads(capsys.readouterr().out)
    assert [(each["concurrency"], each["samples"], each["calls"]) for each in found["estimates"]] == [
        (1, 100, 105),
        (4, 100, 105),
    ]
    assert Decimal(found["estimates"][0]["cost_most_usd"]) > 0
    assert found["probes"] == []
    assert (rung, Run.objects.count(), ApiCall.objects.count()) == ([], 0, 0)


def test_a_dry_run_of_what_cannot_start_says_why_and_fails(
    system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert system.model is not None
    system.model.prices.all().delete()
    with pytest.raises(SystemExit) as left:
        generate("--dry-run")
    assert left.value.code == 1
    assert "small: cannot start. Model small-model has no price in force today." in capsys.readouterr().out


def test_a_probe_that_fails_keeps_the_runs_from_starting(
    server: OpenAIServer, rung: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    server.default = behaviours.body({"error": {"message": "no", "code": "invalid_api_key"}}, status=401)
    with pytest.raises(CommandError, match=r"Nothing was started\.\nsmall, small-model: The key was refused"):
        generate("--probe")
    with pytest.raises(SystemExit):
        generate("--dry-run", "--probe")
    assert "The key was refused" in capsys.readouterr().out
    assert (rung, Run.objects.count(), server.count) == ([], 0, 2)


def test_a_probe_that_passes_lets_the_runs_start(server: OpenAIServer, rung: list[int]) -> None:
    generate("--probe")
    assert rung == [Run.objects.get().pk]
    assert ApiCall.objects.get().purpose == "probe"


def test_a_sweep_plans_a_measured_run_for_each_concurrency(
    system: System, rung: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    generate("--measure", "--sweep", "1,4,16,64", "--limit", "8", "--warmup", "3", "--json")
    report = json.loads(capsys.readouterr().out)["runs"]
    assert [each["concurrency"] for each in report] == [1, 4, 16, 64]
    assert [each["calls_per_second"] for each in report] == [None] * 4
    runs = list(Run.objects.order_by("pk"))
    assert {(run.measured, run.warmup_calls, run.generations.count()) for run in runs} == {(True, 3, 8)}
    assert len({run.series for run in runs}) == 1
    assert rung == [run.pk for run in runs]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--sweep", "1,4"], "A sweep is of measured runs"),
        (["--sweep", "1,x", "--measure"], "not a list of whole numbers"),
        (["--sweep", "1,4", "--concurrency", "2", "--measure"], "not allowed with"),
        (["--concurrency", "0"], "must be 1 to 512"),
    ],
)
def test_what_makes_no_sense_is_refused(options: list[str], words: str, system: System) -> None:
    with pytest.raises(CommandError, match=words):
        generate(*options)
    assert not Run.objects.exists()

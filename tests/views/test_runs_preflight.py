"""Before runs are started, the page says what they would take, and can try each model."""

import pytest
from django.test import Client

from evalapp import tasks
from evalapp.models import ApiCall, Endpoint, Run, System, TaskSet
from evalapp.models.registry import ProviderName
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer
from tests.studies.casting import make_task_set
from tests.views.machine import make_system
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def olga(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    """An organiser's browser; workers are told nothing."""
    monkeypatch.setattr(tasks, "ring", lambda _run_id: None)
    return signed_in()


@pytest.fixture
def small() -> System:
    """A system on a simulated endpoint."""
    return make_system()


def chosen(task_set: TaskSet, *systems: System, **more: object) -> dict[str, object]:
    return {"task_set": task_set.pk, "systems": [system.pk for system in systems], **more}


def test_an_estimate_is_shown_with_what_was_entered_and_nothing_is_started(
    olga: Client, small: System
) -> None:
    unpriced = make_system("unpriced", priced=False)
    task_set = make_task_set(samples=6)
    response = olga.post(
        "/runs/new/", chosen(task_set, small, unpriced, estimate="1", budget_usd="0.000001", limit=3)
    )
    assert response.status_code == 200
    first, second = response.context["estimates"]
    assert (first.system, first.samples, first.budget) == ("small", 3, "too small")
    assert second.problems
    page = response.content.decode()
    assert "too small" in page
    assert "Model unpriced-model has no price in force today." in page
    assert 'value="0.000001"' in page
    assert (Run.objects.count(), ApiCall.objects.count()) == (0, 0)


def test_a_sweep_is_estimated_and_started_from_the_page(olga: Client, small: System) -> None:
    task_set = make_task_set()
    entered = chosen(task_set, small, measured="on", concurrencies="1, 4 16", warmup_calls=0, limit=5)
    response = olga.post("/runs/new/", {**entered, "estimate": "1"})
    assert [each.concurrency for each in response.context["estimates"]] == [1, 4, 16]
    assert olga.post("/runs/new/", entered).status_code == 302
    assert list(Run.objects.order_by("pk").values_list("concurrency", "warmup_calls")) == [
        (1, 0),
        (4, 0),
        (16, 0),
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"concurrencies": "four"}, "Give whole numbers"),
        ({"concurrencies": "1, 4"}, "A sweep is of measured runs"),
        ({"concurrencies": "0"}, "must be 1 to 512"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    more: dict[str, str], words: str, olga: Client, small: System
) -> None:
    response = olga.post("/runs/new/", chosen(make_task_set(), small, **more))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Run.objects.exists()


def test_trying_each_model_first_keeps_a_run_with_a_bad_key_from_starting(
    olga: Client, small: System
) -> None:
    task_set = make_task_set()
    with OpenAIServer(default=behaviours.body({"error": {"code": "model_not_found"}}, status=404)) as server:
        Endpoint.objects.update(
            provider=ProviderName.OPENAI_COMPATIBLE, base_url=server.base_url, options={}, timeout_s=5
        )
        response = olga.post("/runs/new/", chosen(task_set, small, probed="on"))
        assert response.status_code == 422
        assert "The endpoint does not serve this model." in response.content.decode()
        assert not Run.objects.exists()
        server.default = behaviours.ok("OK")
        shown = olga.post("/runs/new/", chosen(task_set, small, probed="on", estimate="1")).content.decode()
        assert "as small asks it" in shown
        assert olga.post("/runs/new/", chosen(task_set, small, probed="on")).status_code == 302
    assert Run.objects.count() == 1
    assert ApiCall.objects.filter(purpose="probe").count() == 3

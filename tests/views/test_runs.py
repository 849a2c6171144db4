"""Organisers' pages of runs and of single outputs."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client

from evalapp.generation.queries import RunProgress, progress_of
from evalapp.models import ApiCall, Generation, Run
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, NINE, answer, fail, make_asked_run, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


def test_only_organisers_see_runs(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system())
    output = run.generations.order_by("pk")[0]
    paths = ["/runs/", "/runs/new/", f"/runs/{run.pk}/", f"/runs/{run.pk}/generations/{output.pk}/"]
    actions = [f"/runs/{run.pk}/{name}/" for name in ("pause", "resume", "cancel", "retry")]
    rosa, nobody = signed_in("rosa", "researcher"), Client()
    assert [olga.get(path).status_code for path in paths] == [200] * 4
    assert [rosa.get(path).status_code for path in paths] == [404] * 4
    assert [rosa.post(path).status_code for path in [*paths, *actions]] == [404] * 8
    assert [nobody.get(path).headers["Location"] for path in paths] == [
        f"/sign-in/?next={quote(path)}" for path in paths
    ]
    assert [nobody.post(path).status_code for path in actions] == [302] * 4
    run.refresh_from_db()
    assert run.state == "done"


def test_actions_take_a_post_only_and_pages_none(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system())
    output = run.generations.order_by("pk")[0]
    actions = [f"/runs/{run.pk}/{name}/" for name in ("pause", "resume", "cancel", "retry")]
    assert [olga.get(path).status_code for path in actions] == [405] * 4
    shown = ["/runs/", f"/runs/{run.pk}/", f"/runs/{run.pk}/generations/{output.pk}/"]
    assert [olga.post(path).status_code for path in shown] == [405] * 3


def test_what_is_missing_is_not_found(olga: Client) -> None:
    one = make_asked_run(make_task_set("one"), make_system("one"))
    other = make_asked_run(make_task_set("other"), make_system("other"))
    foreign = other.generations.order_by("pk")[0]
    for path in ("/runs/999999/", f"/runs/{10**30}/", f"/runs/{one.pk}/generations/{foreign.pk}/"):
        assert olga.get(path).status_code == 404, path
    for name in ("pause", "resume", "cancel", "retry"):
        assert olga.post(f"/runs/999999/{name}/").status_code == 404


# The list


def test_the_list_shows_progress_and_takes_as_many_queries_for_three_runs_as_for_one(olga: Client) -> None:
    task_set = make_task_set(samples=4)
    make_asked_run(task_set, make_system("first"))
    once = query_count(olga, "/runs/")
    make_asked_run(task_set, make_system(HOSTILE), state="running", answered=3)
    make_run(task_set, "third", failed=["s1"])
    assert query_count(olga, "/runs/") == once
    response = olga.get("/runs/")
    lines = [
        (line.run.system.name, line.ended, line.total, line.failed) for line in response.context["lines"]
    ]
    assert sorted(lines) == [(HOSTILE, 3, 4, 0), ("first", 4, 4, 0), ("third", 4, 4, 1)]
    page = response.content.decode()
    assert '<progress value="3" max="4"' in page
    assert HOSTILE not in page


# Starting


def test_one_run_is_started_for_each_chosen_system_and_then_the_workers_are_told(
    olga: Client, rung: list[int]
) -> None:
    task_set = make_task_set(samples=5)
    small, large = make_system("small"), make_system("large")
    data = {"task_set": task_set.pk, "systems": [small.pk, large.pk], "limit": 3, "budget_usd": "2.50"}
    response = olga.post("/runs/new/", data)
    assert response.headers["Location"] == "/runs/"
    runs = list(Run.objects.order_by("system__name"))
    assert [(run.system.name, run.state, run.generations.count()) for run in runs] == [
        ("large", "running", 3),
        ("small", "running", 3),
    ]
    assert [(run.budget_usd, run.measured, run.streamed) for run in runs] == [
        (Decimal("2.5"), False, False)
    ] * 2
    assert {run.created_by.username for run in runs if run.created_by} == {"olga"}
    assert sorted(rung) == sorted(run.pk for run in runs)


def test_a_single_run_is_shown_as_soon_as_it_is_started(olga: Client, rung: list[int]) -> None:
    data = {"task_set": make_task_set().pk, "systems": [make_system().pk], "measured": "on", "streamed": "on"}
    response = olga.post("/runs/new/", data)
    run = Run.objects.get()
    assert response.headers["Location"] == f"/runs/{run.pk}/"
    assert (run.measured, run.streamed, run.generations.count(), rung) == (True, True, 100, [run.pk])


def test_when_one_system_cannot_be_asked_none_is_started(
    olga: Client, rung: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    chosen = [make_system("a"), make_system("b", api_key_env="NO_SUCH_KEY"), make_system("c", priced=False)]
    data = {"task_set": make_task_set().pk, "systems": [system.pk for system in chosen]}
    response = olga.post("/runs/new/", data)
    assert response.status_code == 422
    assert "takes its key from NO_SUCH_KEY, which is not set" in response.content.decode()
    assert response.content.decode().count(" checked") == 3
    monkeypatch.setenv("NO_SUCH_KEY", "now it is")
    response = olga.post("/runs/new/", data)
    assert response.status_code == 422
    assert "has no price in force today" in response.content.decode()
    assert (Run.objects.count(), rung) == (0, [])


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"task_set": ""}, "task_set"),
        ({"task_set": "999999"}, "task_set"),
        ({"systems": []}, "systems"),
        ({"systems": ["999999"]}, "systems"),
        ({"limit": "0"}, "limit"),
        ({"limit": "2000000"}, "limit"),
        ({"budget_usd": "0"}, "budget_usd"),
        ({"budget_usd": "-1"}, "budget_usd"),
        ({"budget_usd": "NaN"}, "budget_usd"),
    ],
)
def test_a_form_that_asks_for_nonsense_says_where(
    olga: Client, rung: list[int], fields: dict[str, object], faulty: str
) -> None:
    data = {"task_set": make_task_set().pk, "systems": [make_system().pk], **fields}
    response = olga.post("/runs/new/", data)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [faulty])
    assert (Run.objects.count(), rung) == (0, [])


def test_the_form_offers_what_can_be_asked_with_the_task_set_chosen_before(olga: Client) -> None:
    assert "No task set yet" in olga.get("/runs/new/").content.decode()
    task_set = make_task_set()
    make_run(task_set, "made elsewhere")
    assert "No system to ask yet" in olga.get("/runs/new/").content.decode()
    make_system("small")
    page = olga.get("/runs/new/", {"task_set": task_set.pk}).content.decode()
    assert f'<option value="{task_set.pk}" selected>' in page
    assert "small" in page
    assert "made elsewhere" not in page


# One run


def test_progress_counts_every_state_cost_and_calls() -> None:
    run = make_asked_run(make_task_set(samples=8), make_system(), state="running", answered=3)
    refused, failed, running = run.generations.order_by("pk")[3:6]
    answer(refused, 4)
    Generation.objects.filter(pk=refused.pk).update(state="refused")
    call = answer(failed, 5)
    fail(failed)
    ApiCall.objects.filter(pk=call.pk).update(state="unknown", cost_usd=Decimal("0.5"))
    Generation.objects.filter(pk=running.pk).update(
        state="running", lease_until=NINE, lease_token="00000000-0000-0000-0000-000000000001"
    )
    assert progress_of(run, now=NINE + timedelta(seconds=10)) == RunProgress(
        total=8,
        done=3,
        refused=1,
        failed=1,
        waiting=2,
        running=1,
        calls=5,
        unknown_calls=1,
        cost_usd=Decimal("0.50008"),
        calls_per_second=0.0,
        seconds_left=None,
    )


def test_the_rate_looks_back_half_a_minute_and_says_how_long_it_may_take() -> None:
    run = make_asked_run(make_task_set(samples=10), make_system(), state="running", answered=4)
    now = NINE + timedelta(seconds=100)
    lately = list(run.generations.order_by("pk").values_list("pk", flat=True)[1:4])
    Generation.objects.filter(pk__in=lately).update(finished_at=now - timedelta(seconds=5))
    ApiCall.objects.filter(generation__in=lately).update(sent_at=now - timedelta(seconds=6))
    progress = progress_of(run, now=now)
    assert (progress.calls_per_second, progress.seconds_left) == (3 / 30, 6 * 30 / 3)


def test_an_answer_from_the_cache_is_no_call() -> None:
    run = make_asked_run(make_task_set(samples=2), make_system())
    first = run.calls.order_by("pk")[0]
    ApiCall.objects.filter(pk=first.pk).update(state="cached", cost_usd=0)
    assert progress_of(run).calls == 1


def test_a_running_run_asks_for_its_progress_again_and_a_finished_one_does_not(olga: Client) -> None:
    run = make_asked_run(make_task_set(samples=4), make_system(), state="running", answered=1)
    path = f"/runs/{run.pk}/"
    whole = olga.get(path)
    assert f'hx-get="{path}" hx-trigger="load delay:2s"' in whole.content.decode()
    assert "HX-Request" in whole.headers["Vary"]
    part = olga.get(path, headers={"HX-Request": "true"})
    shown = part.content.decode()
    assert shown.strip().startswith('<section class="card" id="progress"')
    assert "<html" not in shown
    assert '<progress value="1" max="4"' in shown
    Run.objects.filter(pk=run.pk).update(state="done")
    ended = olga.get(path, headers={"HX-Request": "true"})
    assert (ended.headers["HX-Refresh"], ended.content) == ("true", b"")
    assert "hx-get" not in olga.get(path).content.decode()


def test_asking_for_progress_takes_the_same_few_queries_whatever_the_size(olga: Client) -> None:
    small = make_asked_run(make_task_set("a", samples=1), make_system("a"), state="running", answered=0)
    large = make_asked_run(make_task_set("b", samples=30), make_system("b"), state="running", answered=20)
    assert query_count(olga, f"/runs/{small.pk}/") <= query_count(olga, f"/runs/{large.pk}/")
    one = make_asked_run(make_task_set("c", samples=1), make_system("c"))
    three = make_asked_run(make_task_set("d", samples=3), make_system("d"))
    assert query_count(olga, f"/runs/{one.pk}/") == query_count(olga, f"/runs/{three.pk}/")


def test_why_a_run_stopped_is_said_and_escaped(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system(), state="stopped", answered=1)
    Run.objects.filter(pk=run.pk).update(reason=f"The key was refused {HOSTILE}")
    page = olga.get(f"/runs/{run.pk}/").content.decode()
    assert "The key was refused &lt;script&gt;" in page
    assert f'action="/runs/{run.pk}/resume/"' in page

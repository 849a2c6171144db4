"""Organisers' pages of runs and of single outputs."""

import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import pytest
from django.test import Client

from evalapp import tasks
from evalapp.generation.figures import Check, Times, figures_of
from evalapp.generation.queries import RunProgress, progress_of
from evalapp.models import ApiCall, Generation, Run
from evalapp.models.generation import MOST_ATTEMPTS
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, NINE, answer, make_asked_run, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The runs that workers were told of, in order; each stood in the database by then."""
    numbers: list[int] = []

    def ring(run_id: int) -> None:
        assert Run.objects.filter(pk=run_id).exists()
        numbers.append(run_id)

    monkeypatch.setattr(tasks, "ring", ring)
    return numbers


def fail(generation: Generation, message: str = "No whole answer within 120 s.") -> None:
    Generation.objects.filter(pk=generation.pk).update(
        state="failed", error="timed_out", error_message=message, output=None, finished_at=NINE
    )


# Who may see what


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


def test_outputs_can_be_narrowed_to_a_state_and_stand_fifty_to_a_page(olga: Client) -> None:
    run = make_asked_run(make_task_set(samples=120), make_system(), state="running", answered=60)
    path = f"/runs/{run.pk}/"

    def keys(**query: str | int) -> list[str]:
        return [each.sample.key for each in olga.get(path, query).context["page"]]

    assert keys() == [f"s{number}" for number in range(50)]
    assert keys(state="done", page=2) == [f"s{number}" for number in range(50, 60)]
    assert keys(state="pending", page=2) == [f"s{number}" for number in range(110, 120)]
    assert keys(state="failed") == []
    assert keys(state="nonsense") == keys()
    assert 'href="?page=2&amp;state=pending"' in olga.get(path, {"state": "pending"}).content.decode()


def test_figures_are_those_worked_out_by_hand() -> None:
    run = make_asked_run(make_task_set(samples=5), make_system())
    first, second, third, *_ = run.generations.order_by("pk")
    Generation.objects.filter(pk__in=[first.pk, second.pk]).update(checks={"exact_match": True, "words": 3})
    Generation.objects.filter(pk=third.pk).update(
        checks={"exact_match": False, "words": 9}, finish_reason="length"
    )
    figures = figures_of(run)
    # 100, 200, 300, 400, 500 ms; the squared deviations add up to 100,000.
    assert figures.latency == Times(
        n=5, median=300, mean=300, sd=figures.latency.sd, p95=480, least=100, most=500
    )
    assert figures.latency.sd == pytest.approx(25_000**0.5)
    assert figures.first_token == Times(0, None, None, None, None, None, None)
    assert (figures.input_tokens.total, figures.output_tokens.total) == (50, 25)
    assert (figures.input_tokens.mean, figures.output_tokens.mean) == (10, 5)
    assert (figures.cost_usd, figures.cost_each_usd) == (Decimal("0.0001"), Decimal("0.00002"))
    assert (figures.answered, figures.fallbacks, figures.cut_short) == (5, 0, 1)
    assert figures.checks == (
        Check("exact_match", 3, 2 / 3, is_share=True),
        Check("words", 3, 5.0, is_share=False),
    )


def test_failed_outputs_and_single_ones_are_no_trouble_for_figures() -> None:
    run = make_asked_run(make_task_set(samples=2), make_system())
    fail(run.generations.order_by("pk")[1])
    figures = figures_of(run)
    assert figures.latency == Times(1, 100, 100, None, 100, 100, 100)
    assert (figures.answered, figures.cost_usd, figures.checks) == (1, Decimal("0.00002"), ())
    fail(run.generations.order_by("pk")[0])
    empty = figures_of(run)
    assert (empty.answered, empty.latency.n, empty.cost_usd, empty.cost_each_usd) == (0, 0, None, None)


def test_a_study_is_offered_once_there_is_something_to_compare_with(olga: Client) -> None:
    run = make_run(make_task_set(), "small")
    offer = f'href="/studies/new/?task_set={run.task_set_id}"'
    assert offer not in olga.get(f"/runs/{run.pk}/").content.decode()
    make_run(run.task_set, "large")
    assert offer in olga.get(f"/runs/{run.pk}/").content.decode()
    assert olga.get("/studies/new/", {"task_set": run.task_set_id}).status_code == 200


def test_an_imported_run_shows_its_outputs_and_no_cost(olga: Client) -> None:
    run = make_run(make_task_set(), "made elsewhere")
    page = olga.get(f"/runs/{run.pk}/").content.decode()
    assert "made elsewhere s3" in page
    assert "nothing is known of their speed and cost" in page
    assert "USD" not in page


# Steering


def test_a_run_is_paused_resumed_and_cancelled(olga: Client, rung: list[int]) -> None:
    run = make_asked_run(make_task_set(), make_system(), state="running", answered=1)
    states = []
    for action in ("pause", "pause", "resume", "cancel", "resume"):
        response = olga.post(f"/runs/{run.pk}/{action}/", follow=True)
        assert response.redirect_chain == [(f"/runs/{run.pk}/", 302)]
        run.refresh_from_db()
        (message,) = response.context["messages"]
        states.append((action, run.state, message.level_tag))
    assert states == [
        ("pause", "paused", "success"),
        ("pause", "paused", "error"),
        ("resume", "running", "success"),
        ("cancel", "cancelled", "success"),
        ("resume", "cancelled", "error"),
    ]
    assert rung == [run.pk]


def test_what_failed_is_asked_again(olga: Client, rung: list[int]) -> None:
    run = make_asked_run(make_task_set(), make_system())
    failed = run.generations.order_by("pk")[2]
    Generation.objects.filter(pk=failed.pk).update(attempt=MOST_ATTEMPTS)
    fail(failed)
    assert f'action="/runs/{run.pk}/retry/"' in olga.get(f"/runs/{run.pk}/").content.decode()
    olga.post(f"/runs/{run.pk}/retry/")
    run.refresh_from_db()
    failed.refresh_from_db()
    assert (run.state, failed.state, failed.attempt, rung) == ("running", "pending", 0, [run.pk])


def test_with_nothing_failed_there_is_nothing_to_ask_again(olga: Client, rung: list[int]) -> None:
    run = make_asked_run(make_task_set(), make_system())
    assert "/retry/" not in olga.get(f"/runs/{run.pk}/").content.decode()
    olga.post(f"/runs/{run.pk}/retry/")
    run.refresh_from_db()
    assert (run.state, rung) == ("done", [])


# One output


@pytest.mark.parametrize("kind", ["qa", "summarize", "code", "caption", "classify", "chat"])
def test_an_output_is_shown_down_to_its_requests(olga: Client, kind: str) -> None:
    run = make_asked_run(make_task_set(kind=kind), make_system())
    output = run.generations.order_by("pk")[1]
    Generation.objects.filter(pk=output.pk).update(checks={"exact_match": True, "compression": 0.25})
    page = olga.get(f"/runs/{run.pk}/generations/{output.pk}/").content.decode()
    expected = [
        "Answer 2",
        "Exact match",
        "0.25",
        "200 ms",
        "10 in, 5 out",
        "0.000020 USD",
        "req-2",
        "small-model",
    ]
    assert [part in page for part in expected] == [True] * len(expected)
    assert "Question 2" in page
    assert "raw-2" in page
    assert "1.00 in and 2.00 out per million tokens, the price from 1 Jan 2026" in page


def test_texts_from_outside_are_shown_as_texts(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system(HOSTILE))
    output = run.generations.order_by("pk")[0]
    fail(output, HOSTILE)
    run.calls.filter(generation=output).update(
        raw=HOSTILE,
        error_message=HOSTILE,
        error="timed_out",
        request={"messages": [HOSTILE]},
        model_answered=HOSTILE,
    )
    page = olga.get(f"/runs/{run.pk}/generations/{output.pk}/").content.decode()
    assert HOSTILE not in page
    assert page.count("&lt;script&gt;") >= 5


def test_an_output_that_shared_its_request_leads_to_that_request(olga: Client) -> None:
    run = make_asked_run(make_task_set(kind="classify", samples=3), make_system(), answered=0)
    texts = ['Where is "my" card?', "Wo ist die Karte? ü", "A line\nand another"]
    first, second, third = run.generations.select_related("sample").order_by("pk")
    for generation, text in zip((first, second, third), texts, strict=True):
        generation.sample.payload = {"text": text}
        generation.sample.save()
        Generation.objects.filter(pk=generation.pk).update(state="done", output="card", finished_at=NINE)
    call = answer(first, 1)
    lines = "\n".join(
        f'{{"item": {n}, "text": {json.dumps(text, ensure_ascii=False)}}}'
        for n, text in enumerate(texts[:2], 1)
    )
    ApiCall.objects.filter(pk=call.pk).update(
        shared_by=2, request={"messages": [{"role": "user", "content": lines}]}
    )

    def shown(generation: Generation) -> list[int]:
        return [each.pk for each in olga.get(f"/runs/{run.pk}/generations/{generation.pk}/").context["calls"]]

    assert (shown(first), shown(second), shown(third)) == ([call.pk], [call.pk], [])
    page = olga.get(f"/runs/{run.pk}/generations/{second.pk}/").content.decode()
    assert "2 samples were asked about together; the request stands under the first of them." in page


def test_an_output_that_waits_says_that_nothing_was_asked(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system(), state="running", answered=0)
    output = run.generations.order_by("pk")[0]
    page = olga.get(f"/runs/{run.pk}/generations/{output.pk}/").content.decode()
    assert "There is no output." in page
    assert "No request has been made for this output." in page

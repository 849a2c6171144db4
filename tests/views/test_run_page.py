"""One run's page: its figures and outputs, down to each request, and the hands on it."""

import json
from decimal import Decimal

import pytest
from django.test import Client

from evalapp.generation.figures import Check, Times, figures_of
from evalapp.models import ApiCall, Generation
from evalapp.models.generation import MOST_ATTEMPTS
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, NINE, answer, fail, make_asked_run, make_system

pytestmark = pytest.mark.django_db


# Who may see what


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

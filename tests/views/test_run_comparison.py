"""Runs of one task set are read side by side."""

import pytest
from django.test import Client

from evalapp.generation.comparing import MOST_RUNS
from evalapp.models import Generation, Run
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, make_asked_run, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


@pytest.fixture
def runs() -> list[Run]:
    """Three runs of four samples: the last has the first one's output for s2, and failed on s3."""
    task_set = make_task_set(samples=4)
    made = [
        make_run(task_set, "first"),
        make_run(task_set, "second"),
        make_run(task_set, "third", failed=["s3"]),
    ]
    Generation.objects.filter(run__in=made[:2], sample__key="s2").update(output="the same")
    return made


def address(runs: list[Run], **more: object) -> str:
    query = [f"run={run.pk}" for run in runs] + [f"{name}={value}" for name, value in more.items()]
    return f"/runs/compare/?{'&'.join(query)}"


def test_without_a_run_one_is_chosen_and_then_one_to_stand_beside_it(olga: Client, runs: list[Run]) -> None:
    page = olga.get("/runs/compare/").content.decode()
    assert [f'href="/runs/compare/?run={run.pk}"' in page for run in runs] == [True] * 3
    page = olga.get(address(runs[:1])).content.decode()
    assert [f'<option value="{run.pk}">' in page for run in runs] == [False, True, True]


def test_the_outputs_of_a_sample_stand_in_the_order_of_the_runs(olga: Client, runs: list[Run]) -> None:
    response = olga.get(address([runs[1], runs[0]], at=1))
    outputs = [generation.output for _, generation in response.context["columns"]]
    assert outputs == ["second s1", "first s1"]
    found = response.context["found"]
    assert (found.sample.key, found.number, found.total, found.before, found.after) == ("s1", 2, 4, 0, 2)
    page = response.content.decode()
    assert page.index("second s1") < page.index("first s1")
    assert f'href="?run={runs[1].pk}&amp;run={runs[0].pk}&amp;show=&amp;at=2"' in page


@pytest.mark.parametrize(
    ("show", "keys"),
    [
        ("", ["s0", "s1", "s2", "s3"]),
        ("differs", ["s0", "s1", "s3"]),
        ("failed", []),
        ("fallback", ["s1"]),
        ("nonsense", ["s0", "s1", "s2", "s3"]),
    ],
)
def test_samples_can_be_narrowed_down(show: str, keys: list[str], olga: Client, runs: list[Run]) -> None:
    Generation.objects.filter(run=runs[0], sample__key="s1").update(fallback_reason="empty")
    seen, at = [], 0
    while (found := olga.get(address(runs[:2], show=show, at=at)).context.get("found")) is not None:
        seen.append(found.sample.key)
        if found.after is None:
            break
        at = found.after
    assert seen == keys


def test_what_one_run_failed_on_is_found_and_says_so(olga: Client, runs: list[Run]) -> None:
    response = olga.get(address(runs, show="failed"))
    assert response.context["found"].sample.key == "s3"
    assert "failed" in response.content.decode()


def test_a_sample_that_a_run_did_not_ask_has_an_empty_place(olga: Client) -> None:
    task_set = make_task_set(samples=2)
    whole, part = make_run(task_set, "whole"), make_run(task_set, "part")
    part.generations.filter(sample__key="s1").delete()
    page = olga.get(address([whole, part], at=1)).content.decode()
    assert "This run did not ask this sample." in page


def test_runs_of_different_sets_unknown_ones_and_too_many_are_not_found(
    olga: Client, runs: list[Run]
) -> None:
    foreign = make_run(make_task_set("other"), "foreign")
    for query in (
        address([runs[0], foreign]),
        "/runs/compare/?run=999999",
        "/runs/compare/?run=x",
        f"/runs/compare/?run={'9' * 40}",
        "/runs/compare/?" + "&".join(f"run={number}" for number in range(MOST_RUNS + 1)),
    ):
        assert olga.get(query).status_code == 404, query


def test_a_place_beyond_the_end_shows_the_last_sample(olga: Client, runs: list[Run]) -> None:
    assert olga.get(address(runs, at=99)).context["found"].sample.key == "s3"
    assert olga.get(address(runs, at="x")).context["found"].sample.key == "s0"


def test_texts_are_shown_as_texts_and_queries_do_not_grow(olga: Client) -> None:
    small, large = make_task_set("few", samples=2), make_task_set("many", samples=40)
    pairs = [[make_run(each, f"{each} {n}", text=HOSTILE) for n in range(2)] for each in (small, large)]
    assert query_count(olga, address(pairs[0])) == query_count(olga, address(pairs[1]))
    page = olga.get(address(pairs[0])).content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_the_run_page_leads_here_when_there_is_another_run(olga: Client) -> None:
    task_set = make_task_set()
    run = make_asked_run(task_set, make_system())
    link = f'<a class="button" href="/runs/compare/?run={run.pk}">Side by side</a>'
    assert link not in olga.get(f"/runs/{run.pk}/").content.decode()
    make_run(task_set, "another")
    assert link in olga.get(f"/runs/{run.pk}/").content.decode()

"""The first page: what there is and what comes next."""

import pytest
from django.test import Client

from evalapp.overview import Overview, overview_of_site
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import make_asked_run, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


def test_whoever_is_signed_out_is_asked_to_sign_in_first() -> None:
    response = Client().get("/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/sign-in/?next=/"


def test_a_researcher_is_led_to_reports_and_not_to_what_is_not_theirs() -> None:
    page = signed_in("rosa", "researcher").get("/").content.decode()
    assert 'href="/reports/"' in page
    assert "/tasksets/" not in page
    assert "/runs/" not in page


def test_an_organiser_with_nothing_yet_is_led_to_the_import() -> None:
    page = signed_in().get("/").content.decode()
    assert '<a class="button button--primary" href="/tasksets/import/">Import a task file</a>' in page
    assert page.count("button--primary") == 1


@pytest.mark.parametrize(
    ("site", "step"),
    [
        (Overview(task_sets=0, systems=0, runs=0, running=0, judgeable=0), "import"),
        (Overview(task_sets=0, systems=2, runs=0, running=0, judgeable=0), "import"),
        (Overview(task_sets=1, systems=0, runs=0, running=0, judgeable=0), "systems"),
        (Overview(task_sets=1, systems=2, runs=0, running=0, judgeable=0), "runs"),
        (Overview(task_sets=1, systems=2, runs=2, running=2, judgeable=0), "wait"),
        (Overview(task_sets=1, systems=2, runs=2, running=0, judgeable=0), "runs"),
        (Overview(task_sets=1, systems=2, runs=2, running=0, judgeable=1), "study"),
        (Overview(task_sets=1, systems=2, runs=3, running=1, judgeable=1), "study"),
    ],
)
def test_the_next_step_is_the_first_thing_missing(site: Overview, step: str) -> None:
    assert site.next_step == step


def test_a_task_set_can_be_judged_once_two_systems_have_finished_it() -> None:
    one, other = make_task_set("one"), make_task_set("other")
    make_run(one, "small")
    make_run(one, "small")
    assert overview_of_site() == Overview(task_sets=2, systems=1, runs=2, running=0, judgeable=0)
    make_asked_run(one, make_system("large"), state="running", answered=1)
    assert overview_of_site() == Overview(task_sets=2, systems=2, runs=3, running=1, judgeable=0)
    make_run(other, "small")
    make_run(one, "third")
    assert overview_of_site() == Overview(task_sets=2, systems=3, runs=5, running=1, judgeable=1)


def test_the_latest_runs_are_shown_with_as_many_queries_for_three_as_for_one() -> None:
    olga, task_set = signed_in(), make_task_set()
    make_run(task_set, "first")
    once = query_count(olga, "/")
    make_run(task_set, "second")
    make_run(task_set, "third")
    assert query_count(olga, "/") == once
    page = olga.get("/").content.decode()
    assert [name in page for name in ("first", "second", "third")] == [True, True, True]

"""Opening a study: what is offered, what is shown before, what is refused."""

import pytest
from django.test import Client
from django.urls import reverse

from evalapp.models import Generation
from raters.models import AuditEvent, Comparison, Seat, Study
from tests.studies.casting import (
    make_run,
    make_study,
    make_task_set,
)
from tests.views.study_pages import path, task_set_with_runs

pytestmark = pytest.mark.django_db


def test_only_task_sets_that_two_systems_answered_are_offered(olga: Client) -> None:
    ready, _ = task_set_with_runs()
    make_run(make_task_set("half"), "small")
    page = olga.get(reverse("studies:new"))
    assert [task_set.name for task_set in page.context["task_sets"]] == [ready.name]
    assert f"?task_set={ready.pk}" in page.text


def test_the_form_offers_the_runs_of_the_task_set(olga: Client) -> None:
    task_set, _ = task_set_with_runs()
    make_run(make_task_set("other"), "elsewhere")
    page = olga.get(f"{reverse('studies:new')}?task_set={task_set.pk}")
    assert page.status_code == 200
    assert "small (imported" in page.text
    assert "elsewhere" not in page.text


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999", "-1"])
def test_a_task_set_that_is_not_offered_is_not_found(olga: Client, number: str) -> None:
    assert olga.get(f"{reverse('studies:new')}?task_set={number}").status_code == 404


def test_the_study_is_shown_before_anything_is_opened(olga: Client) -> None:
    _, form = task_set_with_runs()
    page = olga.post(reverse("studies:new"), form)
    assert page.status_code == 200
    assert not Study.objects.exists()
    assert (page.context["review"].comparisons, page.context["review"].judgments) == (5, 15)
    assert "Which answer is better: tone?" in page.text
    assert "None was found." in page.text


@pytest.mark.django_db(transaction=True)
def test_outputs_that_name_themselves_are_listed_before_and_logged_after(olga: Client) -> None:
    _, form = task_set_with_runs()
    named = Generation.objects.filter(run__system__name="small").order_by("sample__position")[1]
    named.output = "As ChatGPT, I cannot say."
    named.save()
    page = olga.post(reverse("studies:new"), form)
    assert "As ChatGPT, I" in page.text
    assert [(each.sample, each.system) for each in page.context["named"]] == [("s1", "small")]
    olga.post(reverse("studies:new"), form | {"open": "1"})
    event = AuditEvent.objects.get(action="self-naming outputs served as they are")
    assert event.detail == {"outputs": 1}
    assert Generation.objects.get(pk=named.pk).output == "As ChatGPT, I cannot say."


def test_opening_writes_the_study_and_leads_to_its_page(olga: Client) -> None:
    _, form = task_set_with_runs()
    response = olga.post(reverse("studies:new"), form | {"open": "1"})
    study = Study.objects.get()
    assert (response.status_code, response["Location"]) == (302, path(study))
    assert study.name == "First study"
    assert study.protocol == {
        "systems": ["small", "large"],
        "criteria": [
            {"key": "overall", "question": "Which answer is better?"},
            {"key": "tone", "question": "Which answer is better: tone?"},
        ],
        "raters_per_sample": 3,
        "margin": 0.1,
        "seed": 4,
        "both_bad_as_tie": False,
        "comparisons": 5,
        "left_out": [],
        "graded": False,
        "scale": [],
    }
    assert study.created_by is not None
    assert (study.created_by.username, study.events.get().actor) == ("olga", "olga")
    assert Seat.objects.count() == 15


def test_changing_something_keeps_what_was_entered(olga: Client) -> None:
    _, form = task_set_with_runs()
    page = olga.post(reverse("studies:new"), form | {"change": "1"})
    assert page.status_code == 200
    assert 'value="First study"' in page.text
    assert not Study.objects.exists()


def test_a_run_that_failed_in_samples_stops_the_study_until_they_are_left_out(olga: Client) -> None:
    _, form = task_set_with_runs()
    Generation.objects.filter(run__system__name="small", sample__key="s2").update(
        state="failed", output=None, error="timed_out"
    )
    page = olga.post(reverse("studies:new"), form)
    assert "small did not answer 1 of 5 samples" in page.text
    assert 'name="open"' not in page.text
    refused = olga.post(reverse("studies:new"), form | {"open": "1"})
    assert refused.status_code == 422
    assert "has no output for 1 of 5 samples" in refused.text
    assert not Study.objects.exists()
    olga.post(reverse("studies:new"), form | {"open": "1", "allow_missing": "on"})
    assert Study.objects.get().protocol["left_out"] == ["s2"]
    assert Comparison.objects.count() == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "This field is required"),
        ({"others": []}, "This field is required"),
        ({"margin": "0.7"}, "less than or equal"),
        ({"raters_per_sample": "0"}, "greater than or equal"),
        ({"criteria": "Überall: was?"}, "cannot name a criterion"),
        ({"candidate": "99"}, "valid choice"),
        ({"seed": "-3"}, "greater than or equal"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_beside_its_field(
    olga: Client, change: dict[str, object], message: str
) -> None:
    _, form = task_set_with_runs()
    page = olga.post(reverse("studies:new"), form | change | {"open": "1"})
    assert page.status_code == 422
    assert message in page.text
    assert not Study.objects.exists()


def test_the_system_in_question_alone_is_no_comparison(olga: Client) -> None:
    _, form = task_set_with_runs()
    page = olga.post(reverse("studies:new"), form | {"others": [form["candidate"]]})
    assert page.status_code == 422
    assert "at least one system other than" in page.text


def test_a_name_that_is_taken_is_refused(olga: Client) -> None:
    _, form = task_set_with_runs()
    make_study("First study", systems=("x", "y"))
    page = olga.post(reverse("studies:new"), form | {"open": "1"})
    assert page.status_code == 422
    assert "already a study of this name" in page.text

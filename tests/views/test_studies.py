"""Organisers' pages of studies."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from evalapp.models import Generation, TaskSet
from raters.models import AuditEvent, Comparison, Invitation, Rater, Seat, Study
from raters.people.inviting import add_rater
from raters.studies.closing import close_study
from tests.studies.casting import (
    NOON,
    judge_everything,
    make_raters,
    make_run,
    make_study,
    make_task_set,
)
from tests.views.people import joined, rating_path, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


def path(study: Study, name: str = "detail", *more: int) -> str:
    return reverse(f"studies:{name}", args=[study.pk, *more])


def task_set_with_runs() -> tuple[TaskSet, dict[str, object]]:
    """A task set that two systems answered, and the form that opens a study of them."""
    task_set = make_task_set(samples=5)
    small, large = make_run(task_set, "small"), make_run(task_set, "large")
    return task_set, {
        "task_set": task_set.pk,
        "name": "First study",
        "candidate": small.pk,
        "others": [large.pk],
        "raters_per_sample": 3,
        "margin": 0.1,
        "criteria": "overall: Which answer is better?\ntone",
        "seed": 4,
    }


# The list


def test_the_list_of_no_study_says_what_a_study_needs(olga: Client) -> None:
    page = olga.get(reverse("studies:list"))
    assert page.status_code == 200
    assert "No study yet" in page.text


def test_the_list_takes_the_same_queries_for_one_study_and_for_three(olga: Client) -> None:
    counts = []
    for names in (("one",), ("two", "three")):
        for name in names:
            make_study(name, samples=2, systems=(f"{name} s", f"{name} l"))
        with CaptureQueriesContext(connection) as queries:
            page = olga.get(reverse("studies:list"))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    for name in ("one", "two", "three"):
        assert f">{name}</a>" in page.text
    assert "0 of 6" in page.text


def test_a_researcher_sees_the_list_and_nothing_to_open_or_change() -> None:
    study = make_study()
    client = signed_in("rosa", "researcher")
    page = client.get(reverse("studies:list"))
    assert page.status_code == 200
    assert f'href="{path(study)}"' not in page.text
    assert reverse("studies:new") not in page.text
    for name in ("detail", "invite", "close"):
        assert client.get(path(study, name)).status_code == 404
    for name in ("pause", "resume", "close", "invite"):
        assert client.post(path(study, name)).status_code == 404
    assert client.get(reverse("studies:new")).status_code == 404


def test_who_is_signed_out_is_asked_to_sign_in() -> None:
    study = make_study()
    for address in (reverse("studies:list"), reverse("studies:new"), path(study), path(study, "close")):
        response = Client().get(address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("sign-in"))


def test_a_study_that_does_not_exist_is_not_found(olga: Client) -> None:
    assert olga.get(reverse("studies:detail", args=[99])).status_code == 404


# Opening


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


# One study


def test_the_page_of_a_study_shows_progress_people_links_settings_and_log(olga: Client) -> None:
    study = make_study("Tones", samples=3)
    _, rater = joined(study)
    judge_everything([rater])
    page = olga.get(path(study))
    assert page.status_code == 200
    assert (page.context["seats"].judged, page.context["seats"].open) == (3, 6)
    for words in ("R1", "small, large", "3 of 9", "opened", "joined", "used"):
        assert words in page.text


def test_the_page_says_how_many_raters_are_wanting(olga: Client) -> None:
    study = make_study(samples=4)
    assert "4 comparisons need 3 more raters" in olga.get(path(study)).text
    make_raters(study, 2)
    assert "4 comparisons need 1 more rater:" in olga.get(path(study)).text
    make_raters(study, 1)
    assert "more rater" not in olga.get(path(study)).text
    Rater.objects.filter(study=study, pseudonym="R1").update(state="left")
    assert "4 comparisons need 1 more rater:" in olga.get(path(study)).text


def test_the_page_takes_the_same_queries_for_one_rater_and_for_three(olga: Client) -> None:
    study = make_study(samples=2)
    counts = []
    for _ in range(2):
        joined(study)
        add_rater(study, now=NOON)
        with CaptureQueriesContext(connection) as queries:
            olga.get(path(study))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_no_result_is_on_any_page_of_an_open_study(olga: Client) -> None:
    study = make_study(samples=3)
    judge_everything(make_raters(study, 3))
    for name in ("detail", "invite", "close"):
        page = olga.get(path(study, name)).text.lower()
        assert not [word for word in ("win rate", "majority", "prefer", "votes", "%") if word in page]


def test_pausing_and_resuming(olga: Client) -> None:
    study = make_study()
    browser, rater = joined(study)
    assert olga.get(path(study, "pause")).status_code == 405
    assert olga.post(path(study, "pause"))["Location"] == path(study)
    assert "This study is paused" in browser.get(rating_path(rater)).text
    assert "cannot be paused now" in olga.post(path(study, "pause"), follow=True).text
    olga.post(path(study, "resume"))
    assert "This study is paused" not in browser.get(rating_path(rater)).text
    assert "cannot be resumed now" in olga.post(path(study, "resume"), follow=True).text
    assert [event.action for event in study.events.all()] == [
        "opened",
        "invited",
        "joined",
        "paused",
        "resumed",
    ]


def test_closing_asks_first_and_is_final(olga: Client) -> None:
    study = make_study(samples=2)
    asked = olga.get(path(study, "close"))
    assert "Take no more judgments?" in asked.text
    assert "0 of 6 judgments" in asked.text
    study.refresh_from_db()
    assert study.state == "open"
    page = olga.post(path(study, "close"), follow=True)
    assert "The study is closed" in page.text
    study.refresh_from_db()
    assert study.state == "closed"
    assert "cannot be closed now" in olga.post(path(study, "close"), follow=True).text


# Links


def test_links_are_shown_once_and_let_raters_in(olga: Client) -> None:
    study = make_study()
    page = olga.post(path(study, "invite"), {"count": 2, "days": 7})
    assert page.status_code == 200
    assert page["Cache-Control"] == "no-store"
    addresses = [link.address for link in page.context["links"]]
    assert len(addresses) == 2
    for address in addresses:
        assert address.startswith("http://testserver/join/")
        assert address in page.text
        assert Client().post(address.removeprefix("http://testserver")).status_code == 302
    assert addresses[0].split("/")[-2] not in olga.get(path(study)).text


@pytest.mark.parametrize(
    "form", [{"count": 0, "days": 7}, {"count": 501, "days": 7}, {"count": 1, "days": 0}, {}]
)
def test_a_senseless_number_of_links_is_refused(olga: Client, form: dict[str, int]) -> None:
    page = olga.post(path(make_study(), "invite"), form)
    assert page.status_code == 422
    assert not Invitation.objects.exists()


def test_nobody_is_invited_to_a_closed_study(olga: Client) -> None:
    study = make_study()
    close_study(study, actor="olga", now=NOON)
    assert (
        "nobody can be invited" in olga.post(path(study, "invite"), {"count": 1, "days": 7}, follow=True).text
    )
    assert not Invitation.objects.exists()


def test_nobody_is_invited_to_a_simulated_study(olga: Client) -> None:
    study = make_study(simulated=True)
    page = olga.post(path(study, "invite"), {"count": 1, "days": 7}, follow=True)
    assert "judged by simulated raters only" in page.text


def test_a_rater_gets_a_new_link(olga: Client) -> None:
    study = make_study()
    _, rater = joined(study)
    page = olga.post(path(study, "reissue", rater.pk))
    (link,) = page.context["links"]
    assert link.label == "the link of R1"
    browser = Client()
    assert browser.post(link.address.removeprefix("http://testserver"))["Location"] == rating_path(rater)


def test_a_rater_of_another_study_is_not_found(olga: Client) -> None:
    here, there = make_study("here"), make_study("there", systems=("x", "y"))
    _, rater = joined(there)
    invitation = Invitation.objects.get()
    assert olga.post(path(here, "reissue", rater.pk)).status_code == 404
    assert olga.post(path(here, "withdraw", invitation.pk)).status_code == 404


def test_a_link_that_was_not_used_can_be_withdrawn(olga: Client) -> None:
    study = make_study()
    link = olga.post(path(study, "invite"), {"count": 1, "days": 7}).context["links"][0]
    invitation = Invitation.objects.get()
    assert "The link is withdrawn." in olga.post(path(study, "withdraw", invitation.pk), follow=True).text
    assert "used or withdrawn already" in olga.post(path(study, "withdraw", invitation.pk), follow=True).text
    assert Client().get(link.address.removeprefix("http://testserver")).status_code == 410

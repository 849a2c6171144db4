"""The commands of the human side."""

import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from evalapp.models import Generation
from raters.models import AuditEvent, Invitation, Rater, RaterIdentity, Study
from raters.people.inviting import reissue
from tests.studies.casting import NOON, judge, make_raters, make_run, make_study, make_task_set, must_claim

pytestmark = pytest.mark.django_db


def run(capsys: pytest.CaptureFixture[str], *words: str, **options: Any) -> str:
    """A command's output."""
    call_command(*words, **options)
    return capsys.readouterr().out


OPEN = ("open_study", "--name", "First", "--taskset", "tasks", "--systems", "small,large", "--seed", "5")


def test_open_study_opens_and_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    task_set = make_task_set("tasks", samples=4)
    make_run(task_set, "small")
    make_run(task_set, "large")
    said = run(capsys, *OPEN, "--criteria", "overall:Which answer is better?", "tone", "--margin", "0.05")
    assert said == "Opened “First”: 4 comparisons, 3 raters each, seed 5.\n"
    protocol = Study.objects.get().protocol
    assert [each["key"] for each in protocol["criteria"]] == ["overall", "tone"]
    assert (protocol["margin"], protocol["systems"]) == (0.05, ["small", "large"])


@pytest.mark.django_db(transaction=True)
def test_open_study_lists_outputs_that_name_themselves_and_samples_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    task_set = make_task_set("tasks", samples=4)
    make_run(task_set, "small", failed=["s3"])
    make_run(task_set, "large")
    Generation.objects.filter(run__system__name="large", sample__key="s1").update(output="As an AI, I pass.")
    said = run(capsys, *OPEN, "--allow-missing")
    assert "Left out, lacking an output: s3\n" in said
    assert "1 outputs name themselves" in said
    assert "  s1 (large): As an AI, I\n" in said
    assert AuditEvent.objects.filter(action__startswith="self-naming").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--taskset", "nothing"], "There is no task set “nothing”. Task sets: tasks."),
        (["--systems", "small,medium"], "“medium” has no run of the task set “tasks”"),
        (["--systems", "small"], "a study compares 2 to 12 systems"),
        (["--margin", "0.9"], "margin: must lie between"),
        (["--criteria", "Ü:what"], "cannot name a criterion"),
        (
            ["--systems", "small,broken"],
            "“broken” has no output for 1 of 4 samples (1 failed, 0 not finished)",
        ),
    ],
)
def test_open_study_refuses_and_says_what_to_do(words: list[str], message: str) -> None:
    task_set = make_task_set("tasks", samples=4)
    make_run(task_set, "small")
    make_run(task_set, "large")
    make_run(task_set, "broken", failed=["s0"])
    with pytest.raises(CommandError) as refusal:
        call_command(*OPEN, *words)
    assert message in str(refusal.value)
    assert not Study.objects.exists()


def test_invite_raters_prints_links_that_work(capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    links = run(capsys, "invite_raters", "study", "--count", "2", "--base-url", "https://e.org/").splitlines()
    assert len(links) == 2
    for link in links:
        assert link.startswith("https://e.org/join/")
        assert Client().post(link.removeprefix("https://e.org")).status_code == 302


def test_invite_raters_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    make_study()
    said = json.loads(run(capsys, "invite_raters", "study", "--json"))
    assert said["study"] == "study"
    assert len(said["links"]) == 3
    assert set(said) == {"study", "links", "expires_at"}


@pytest.mark.parametrize("words", [["--count", "0"], ["--count", "501"], ["--days", "0"]])
def test_invite_raters_refuses_senseless_numbers(words: list[str]) -> None:
    make_study()
    with pytest.raises(CommandError, match="must be 1 to"):
        call_command("invite_raters", "study", *words)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("command", [["invite_raters"], ["close_study"], ["erase_rater"]])
def test_a_study_that_does_not_exist_is_answered_with_those_that_do(command: list[str]) -> None:
    make_study("only one")
    more = ["R1"] if command == ["erase_rater"] else []
    with pytest.raises(CommandError, match=r"There is no study “other”\. Studies: “only one”\."):
        call_command(*command, "other", *more)


def test_close_study_closes_once(capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study(samples=2)
    rater = make_raters(study, 1)[0]
    judge(rater, must_claim(rater))
    assert run(capsys, "close_study", "study") == "Closed “study” with 1 of 6 judgments given.\n"
    with pytest.raises(CommandError, match="is closed; it cannot be closed now"):
        call_command("close_study", "study")
    with pytest.raises(CommandError, match="nobody can be invited"):
        call_command("invite_raters", "study")


def test_erase_rater_forgets_the_person_and_keeps_the_judgments(capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    RaterIdentity.objects.create(rater=rater, name="Ada", email="ada@example.org")
    judge(rater, must_claim(rater))
    link = reissue(rater, actor="olga", now=NOON)
    said = run(capsys, "erase_rater", "study", "R1")
    assert said == "R1 has left “study”. An identity had been kept and is erased; judgments stay under R1.\n"
    assert not RaterIdentity.objects.exists()
    after = Rater.objects.get()
    assert (after.pseudonym, after.state) == ("R1", "left")
    assert after.token != rater.token
    assert after.judgments.count() == 1
    assert Client().get(f"/join/{link.token}/").status_code == 410
    assert "An identity was not kept" in run(capsys, "erase_rater", "study", "R1")


def test_erase_rater_names_the_raters_there_are() -> None:
    make_raters(make_study(), 2)
    with pytest.raises(CommandError, match=r"has no rater R9\. Raters: R1, R2\."):
        call_command("erase_rater", "study", "R9")

"""Scales of scores as organisers write them."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from raters.models import Study
from raters.studies.errors import ProtocolRefused
from raters.studies.protocol import DEFAULT_SCALE, Protocol, read_scale
from tests.studies.casting import make_run, make_task_set


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", ()),
        (" \n ", ()),
        ("1: poor, 2: fair, 3: good", ("poor", "fair", "good")),
        ("1:no\n2:yes\n", ("no", "yes")),
        ("no,yes", ("no", "yes")),
    ],
)
def test_labels_are_read_from_commas_or_lines_with_or_without_numbers(
    text: str, labels: tuple[str, ...]
) -> None:
    assert read_scale(text) == labels


@pytest.mark.parametrize(
    "text",
    ["1: poor", "2: poor, 3: good", "1: a, 1: b", "a, a", "1: , 2: b", ",".join("abcdefghij"), "x" * 31],
)
def test_a_scale_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ProtocolRefused):
        read_scale(text)


def test_a_protocol_from_before_grades_and_scores_asks_for_neither() -> None:
    stored = Protocol(("a", "b"), graded=True, scale=DEFAULT_SCALE).as_json()
    assert Protocol.from_json(stored) == Protocol(("a", "b"), graded=True, scale=DEFAULT_SCALE)
    del stored["graded"], stored["scale"]
    assert Protocol.from_json(stored) == Protocol(("a", "b"))


@pytest.mark.django_db
def test_the_command_opens_a_graded_and_scored_study() -> None:
    task_set = make_task_set()
    for system in ("small", "large"):
        make_run(task_set, system)
    common = ("open_study", "--taskset", "tasks", "--systems", "small,large", "--graded")
    call_command(*common, "--name", "plain scale", "--scores")
    call_command(*common, "--name", "own scale", "--scores", "1:bad,2:good")
    found = {study.name: study.protocol for study in Study.objects.all()}
    assert {name: (kept["graded"], kept["scale"]) for name, kept in found.items()} == {
        "plain scale": (True, list(DEFAULT_SCALE)),
        "own scale": (True, ["bad", "good"]),
    }
    with pytest.raises(CommandError, match="should have the number 1"):
        call_command(*common, "--name", "wrong", "--scores", "3:bad")

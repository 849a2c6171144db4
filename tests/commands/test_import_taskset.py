"""``manage.py import_taskset``: what it prints and how it ends."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from evalapp.models import Run, TaskSet

pytestmark = pytest.mark.django_db


def imported(path: Path, *options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("import_taskset", str(path), "--name", "set", "--kind", "qa", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def task_file(tmp_path: Path) -> Path:
    """Two questions, one of them with an output."""
    path = tmp_path / "q.jsonl"
    path.write_text('{"prompt": "a", "outputs": {"mini": "x"}}\n{"prompt": "b"}\n', encoding="utf-8")
    return path


@pytest.fixture
def broken_file(tmp_path: Path) -> Path:
    """Two lines with three faults."""
    path = tmp_path / "broken.jsonl"
    path.write_text('{"prompt": 1, "reference": 2}\n{"prompt": ', encoding="utf-8")
    return path


def test_it_says_what_was_imported(task_file: Path) -> None:
    assert imported(task_file, "--outputs").splitlines() == [
        "Imported “set”: 2 samples of kind qa.",
        f"Outputs of mini stand as run {Run.objects.get().pk}.",
        "mini: 1 of 2 samples have no output of it.",
    ]


def test_with_json_it_prints_one_object(task_file: Path) -> None:
    said = json.loads(imported(task_file, "--outputs", "--json"))
    task_set = TaskSet.objects.get()
    assert said == {
        "imported": True,
        "task_set": "set",
        "kind": "qa",
        "samples": 2,
        "checksum": task_set.checksum,
        "runs": [{"id": Run.objects.get().pk, "system": "mini"}],
        "notes": ["mini: 1 of 2 samples have no output of it."],
    }


def test_every_problem_is_listed_and_the_exit_status_is_one(broken_file: Path) -> None:
    errors = StringIO()
    with pytest.raises(
        CommandError, match=r"^Nothing was imported: 3 problems in broken\.jsonl\.$"
    ) as caught:
        call_command("import_taskset", str(broken_file), "--name", "set", "--kind", "qa", stderr=errors)
    assert caught.value.returncode == 1
    assert [line.split(": ")[0] for line in errors.getvalue().splitlines()] == [
        "line 1, field prompt",
        "line 1, field reference",
        "line 2, column 12",
    ]
    assert TaskSet.objects.count() == 0


def test_with_json_the_problems_are_objects(broken_file: Path) -> None:
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("import_taskset", str(broken_file), "--name=set", "--kind=qa", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["imported"] is False
    assert [(each["line"], each["column"], each["field"]) for each in said["problems"]] == [
        (1, None, "prompt"),
        (1, None, "reference"),
        (2, 12, None),
    ]


def test_a_file_that_cannot_be_read_ends_with_status_two(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.jsonl cannot be read: No such file") as caught:
        imported(tmp_path / "none.jsonl")
    assert caught.value.returncode == 2


def test_an_unknown_kind_names_the_known_ones(task_file: Path) -> None:
    with pytest.raises(CommandError, match=r"invalid choice: 'poem' \(choose from .*caption.*summarize.*\)"):
        call_command("import_taskset", str(task_file), "--name", "set", "--kind", "poem")

"""A task file is stored whole, with its outputs as finished runs, or nothing of it is."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from django.db import DataError

from evalapp.kinds import KINDS
from evalapp.models import Account, Endpoint, Generation, Image, LanguageModel, Run, Sample, System, TaskSet
from evalapp.models.generation import GenerationState, RunState
from evalapp.problems import FileRefused
from evalapp.tasksets import importing
from evalapp.tasksets.importing import ImportedTaskSet, import_task_set
from evalapp.tasksets.limits import Limits
from evalapp.tasksets.reading import TaskFile, read_task_file
from tests.tasksets.zips import picture, zipped

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ROWS = [
    {"id": "a", "prompt": "Wörter\u2028\t\\N", "outputs": {"mini": "one", "grand": "uno\nzwei\\"}},
    {"id": "b", "prompt": "b", "reference": "r", "outputs": {"mini": ""}},
]


def imported(
    rows: Sequence[Mapping[str, object]], *, name: str = "set", with_outputs: bool = False
) -> ImportedTaskSet:
    """A set of short questions, imported."""
    data = "\n".join(json.dumps(row) for row in rows).encode()
    return import_task_set(name=name, kind="qa", data=data, source_name="q.jsonl", with_outputs=with_outputs)


def stored(run: Run, key: str) -> dict[str, object]:
    """A generation as its columns hold it."""
    return dict(Generation.objects.filter(run=run, sample__key=key).values().get())


def everything() -> list[int]:
    """How many rows each table has that an import writes."""
    return [model.objects.count() for model in (TaskSet, Sample, Image, System, Run, Generation)]


def test_every_sample_is_stored_in_order_as_it_was_given() -> None:
    account = Account.objects.create(username="olga", role="organiser")
    data = "\n".join(json.dumps(row) for row in ROWS).encode()
    found = import_task_set(name=" set ", kind="qa", data=data, source_name="q.jsonl", created_by=account)
    task_set = TaskSet.objects.get()
    assert (task_set, found.runs) == (found.task_set, ())
    assert (task_set.name, task_set.kind, task_set.source_name, task_set.created_by) == (
        "set", "qa", "q.jsonl", account,
    )  # fmt: skip
    assert (task_set.sample_count, task_set.checksum) == (2, hashlib.sha256(data).hexdigest())
    assert list(task_set.samples.values_list("position", "key", "payload")) == [
        (0, "a", {"prompt": "Wörter\u2028\t\\N"}),
        (1, "b", {"prompt": "b", "reference": "r"}),
    ]
    assert found.notes == ("The file carries outputs of mini, grand; nobody asked to import them.",)


def test_outputs_become_one_finished_run_per_system() -> None:
    found = imported(ROWS, with_outputs=True)
    runs = Run.objects.order_by("pk")
    assert list(runs) == list(found.runs)
    assert [(run.system.name, run.system.model, run.state, run.imported, run.measured) for run in runs] == [
        ("mini", None, RunState.DONE, True, False),
        ("grand", None, RunState.DONE, True, False),
    ]
    assert all(run.finished_at == run.created_at for run in runs)
    assert list(
        Generation.objects.order_by("run_id", "sample__position").values_list(
            "run__system__name", "sample__key", "state", "output", "attempt", "served_by"
        )
    ) == [
        ("mini", "a", GenerationState.DONE, "one", 0, "mini"),
        ("mini", "b", GenerationState.DONE, "", 0, "mini"),
        ("grand", "a", GenerationState.DONE, "uno\nzwei\\", 0, "grand"),
    ]
    assert found.notes == ("grand: 1 of 2 samples have no output of it.",)


def test_a_copied_generation_is_the_row_that_django_would_have_written() -> None:
    run = imported(ROWS, with_outputs=True).runs[0]
    copied = stored(run, "a")
    sample = Sample.objects.get(key="b")
    run.generations.filter(sample=sample).delete()
    Generation.objects.create(
        run=run, sample=sample, state="done", output="one", served_by="mini", finished_at=run.finished_at
    )
    expected = stored(run, "b")
    differing = {name for name in expected if expected[name] != copied[name]}
    assert differing == {"id", "sample_id", "next_attempt_at"}


def test_conversations_keep_a_list_of_replies() -> None:
    row = {"turns": ["1", "2"], "outputs": {"x": ["eins", "zwei"]}}
    import_task_set(
        name="talk", kind="chat", data=json.dumps(row).encode(), source_name="c.jsonl", with_outputs=True
    )
    assert Generation.objects.get().output == ["eins", "zwei"]


def test_two_files_share_the_system_whose_outputs_they_carry() -> None:
    imported(ROWS, name="one", with_outputs=True)
    imported(ROWS, name="two", with_outputs=True)
    assert list(System.objects.values_list("name", flat=True)) == ["grand", "mini"]
    assert Run.objects.count() == 4


def test_pictures_are_stored_once_however_often_they_are_imported() -> None:
    data = zipped({"t.jsonl": b'{"image": "a.png"}', "a.png": picture()})
    for name in ("one", "two"):
        import_task_set(name=name, kind="caption", data=data, source_name="t.zip")
    image = Image.objects.get()
    assert hashlib.sha256(bytes(image.data)).hexdigest() == image.sha256
    assert [sample.payload["image"] for sample in Sample.objects.all()] == [
        {"sha256": image.sha256, "media_type": "image/png", "width": 6, "height": 4}
    ] * 2


@pytest.mark.parametrize(
    ("name", "kind", "data", "with_outputs", "expected"),
    [
        ("taken", "qa", b'{"prompt": "x"}', False, "field name: there is a task set called “taken” already"),
        ("", "qa", b'{"prompt": "x"}', False, "field name: give the task set a name"),
        ("a\nb", "qa", b'{"prompt": "x"}', False, "field name: give the task set a name"),
        ("x", "poem", b'{"prompt": "x"}', False, "field kind: “poem” is not a task kind; choose one of: qa,"),
        ("x", "qa", b'{"prompt": "x"}', True, "field outputs: no row carries outputs"),
        ("x", "qa", b'{"prompt": "x", "outputs": {"asked here": "y"}}', True, "field outputs.asked here: "),
        ("x", "qa", b'{"prompt": "x"}\n{"prompt": 1}', False, "line 2, field prompt: "),
    ],
)
def test_a_refused_file_changes_nothing(
    name: str, kind: str, data: bytes, with_outputs: bool, expected: str
) -> None:
    imported(ROWS, name="taken", with_outputs=True)
    endpoint = Endpoint.objects.create(name="e", provider="simulated")
    System.objects.create(name="asked here", model=LanguageModel.objects.create(endpoint=endpoint, name="m"))
    before = everything()
    with pytest.raises(FileRefused) as caught:
        import_task_set(name=name, kind=kind, data=data, source_name="x.jsonl", with_outputs=with_outputs)
    assert str(caught.value.problems[0]).startswith(expected)
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_a_fault_in_the_middle_of_writing_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything()
    monkeypatch.setattr(importing, "json_text", lambda value: "{" if value == "one" else json.dumps(value))
    with pytest.raises(DataError):
        imported(ROWS, with_outputs=True)
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_a_name_taken_between_check_and_write_is_refused_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read_while_another_is_quicker(data: bytes, source_name: str, limits: Limits) -> TaskFile:
        monkeypatch.setattr(importing, "read_task_file", read_task_file)
        imported(ROWS)
        return read_task_file(data, source_name, limits)

    monkeypatch.setattr(importing, "read_task_file", read_while_another_is_quicker)
    with pytest.raises(FileRefused, match="there is a task set called “set” already"):
        imported(ROWS)
    assert everything() == [1, 2, 0, 0, 0, 0]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_example_of_every_kind_imports(kind: str) -> None:
    (path,) = [each for each in EXAMPLES.iterdir() if each.stem == kind]
    found = import_task_set(name=kind, kind=kind, data=path.read_bytes(), source_name=path.name)
    assert found.task_set.sample_count == found.task_set.samples.count() > 0


def test_imported_outputs_are_checked_as_those_asked_for_here_are() -> None:
    rows = [
        {"id": "a", "prompt": "2 + 2?", "reference": "Four", "outputs": {"mini": "four.", "grand": "five"}},
        {"id": "b", "prompt": "Why?", "outputs": {"mini": "Because."}},
    ]
    found = imported(rows, with_outputs=True)
    checks = {
        (run.system.name, key): value
        for run in found.runs
        for key, value in run.generations.values_list("sample__key", "checks")
    }
    assert checks == {
        ("mini", "a"): {"exact_match": True},
        ("grand", "a"): {"exact_match": False},
        ("mini", "b"): None,
    }

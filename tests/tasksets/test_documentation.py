"""The page on task files names every kind and field, and its examples import."""

import re
from pathlib import Path

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import TaskKind
from evalapp.tasksets.checking import check_task_file
from evalapp.tasksets.limits import DEFAULT_LIMITS, MEBIBYTE
from evalapp.tasksets.reading import read_task_file

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "task-files.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(jsonl|csv) (\w+)( outputs)?\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("form", "kind", "with_outputs", "text"), EXAMPLES)
def test_every_example_imports(form: str, kind: str, with_outputs: str, text: str) -> None:
    checked = check_task_file(read_task_file(text.encode(), f"example.{form}"), KINDS[kind])
    assert checked.systems == (("small model", "large model") if with_outputs else ())


def test_every_kind_but_the_one_with_pictures_has_an_example() -> None:
    assert {kind for _, kind, _, _ in EXAMPLES} == set(KINDS) - {"caption"}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_field_stands_in_the_table_of_its_kind(kind: TaskKind) -> None:
    section = PAGE.split(f"\n## `{kind.name}`")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", section, re.MULTILINE))
    assert {field: meaning.endswith("; required") for field, meaning in rows.items()} == {
        field.name: field.required for field in kind.fields
    }


def test_the_limits_are_those_that_are_held() -> None:
    limits = DEFAULT_LIMITS
    picture = f"{limits.picture_bytes // 10**6} MB, {limits.picture_pixels // 10**6} million pixels"
    for row in (
        f"| the file | {limits.file_bytes // MEBIBYTE} MB (`UPLOAD_MOST_MB`) |",
        f"| rows | {limits.rows:,} |",
        f"| fields in a row | {limits.fields} |",
        f"| one text | {limits.characters:,} characters |",
        f"| nesting of lists and objects | {limits.depth} levels |",
        f"| files in a zip | {limits.zip_entries:,} |",
        f"| all of a zip, inflated | {limits.inflated_bytes // MEBIBYTE} MB |",
        f"| a picture | {picture} |",
    ):
        assert row in PAGE, row

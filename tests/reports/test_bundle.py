"""The bundle: complete, recomputable byte for byte, and every change in it is named."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from evalapp.reports.build import build_report
from evalapp.reports.bundle import GIVEN, SUMS, write_bundle
from evalapp.reports.csvfile import FileProblem
from evalapp.reports.description import COLUMNS, TABLES
from evalapp.reports.rowfiles import rows_csv
from evalapp.reports.rows import RATINGS_COLUMNS, JudgmentRow
from evalapp.reports.verification import verify
from tests.reports.conftest import RunCommand
from tests.reports.studies import (
    call_rows,
    generation_rows,
    price_rows,
    protocol,
    sample_rows,
    study_rows,
)


def bundle_bytes() -> bytes:
    generations = generation_rows()
    target = io.BytesIO()
    write_bundle(
        target,
        ratings_csv=[rows_csv(study_rows(), JudgmentRow)],
        samples=sample_rows(),
        generations=generations,
        calls=call_rows(generations),
        prices=price_rows(),
        protocol=protocol(),
    )
    return target.getvalue()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "bundle.zip"
    path.write_bytes(bundle_bytes())
    return path


def changed(bundle: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy in which files are changed, or dropped (None)."""
    with zipfile.ZipFile(bundle) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                copy.writestr(name, content)
    return target


def test_the_bundle_holds_rows_figures_charts_and_checksums(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        lines = [line.partition("  ") for line in archive.read(SUMS).decode().splitlines()]
        sums = {name: digest for digest, _, name in lines}
        digests = {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names if name != SUMS}
    assert sums == digests
    assert {*GIVEN, "README.md", "codebook.csv", "datapackage.json", "report.html", "report.json"} <= set(
        names
    )
    assert {"votes.csv", "raters.csv", "charts/preference.svg", "charts/preference.png"} <= set(names)


def test_the_same_rows_give_the_same_bytes(bundle: Path) -> None:
    assert bundle_bytes() == bundle.read_bytes()


def test_the_page_equals_what_is_recomputed_from_the_bundle(bundle: Path) -> None:
    generations = generation_rows()
    from_rows = build_report(
        study_rows(),
        generations,
        call_rows(generations),
        protocol(),
        protocol().seed,
        samples=sample_rows(),
        prices=price_rows(),
    )
    with zipfile.ZipFile(bundle) as archive:
        assert archive.read("report.json") == from_rows.to_json()


def test_recomputing_gives_every_file_byte_for_byte(
    bundle: Path, tmp_path: Path, command: RunCommand
) -> None:
    finished = command("bundle", bundle, "-o", tmp_path / "out")
    assert (finished.returncode, finished.stderr) == (0, "")
    outcome = json.loads(finished.stdout)
    assert outcome["holds"] is True
    assert outcome["recomputed"]["different"] == outcome["recomputed"]["pictures_differ"] == []
    with zipfile.ZipFile(bundle) as archive:
        for name in outcome["recomputed"]["identical"]:
            assert (tmp_path / "out" / name).read_bytes() == archive.read(name)
    assert {"report.json", "report.html", "charts/votes.svg"} <= set(outcome["recomputed"]["identical"])


def test_a_changed_judgment_is_named_with_every_figure_it_changes(bundle: Path, tmp_path: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "ratings.csv":
            return content
        lines = content.split(b"\n")
        at = next(place for place, line in enumerate(lines) if b",a,left,a," in line)
        lines[at] = lines[at].replace(b",a,left,a,", b",a,right,b,")
        return b"\n".join(lines)

    outcome = verify(changed(bundle, tmp_path / "changed.zip", change), tmp_path / "out")
    assert not outcome.holds
    assert outcome.wrong == ("ratings.csv",)
    assert {"report.json", "report.html", "votes.csv"} <= set(outcome.different)


def test_a_changed_report_with_a_forged_checksum_is_found_by_recomputing(
    bundle: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(bundle) as archive:
        original = archive.read("report.json")
    forged = re.sub(rb'"outcome": "[a-z_]+"', b'"outcome": "forged"', original)

    def change(name: str, content: bytes) -> bytes:
        if name == SUMS:
            old, new = (hashlib.sha256(text).hexdigest().encode() for text in (original, forged))
            return content.replace(old, new)
        return forged if name == "report.json" else content

    assert forged != original
    outcome = verify(changed(bundle, tmp_path / "forged.zip", change), tmp_path / "out")
    assert (outcome.wrong, outcome.different) == ((), ("report.json",))


def test_missing_and_added_files_are_named(bundle: Path, tmp_path: Path, command: RunCommand) -> None:
    def change(name: str, content: bytes) -> bytes | None:
        return None if name == "votes.csv" else content

    path = changed(bundle, tmp_path / "other.zip", change)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("extra.txt", "hello")
    finished = command("bundle", path, "-o", tmp_path / "out")
    assert finished.returncode == 1
    assert finished.stderr == "votes.csv: is missing\nextra.txt: is not listed in SHA256SUMS\n"
    assert json.loads(finished.stdout)["holds"] is False


def test_a_folder_is_verified_like_a_zip(bundle: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "folder")
    assert verify(tmp_path / "folder", tmp_path / "out").holds


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"not a zip", "is not a zip file"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_bundle_is_refused(
    content: bytes | None, message: str, tmp_path: Path, command: RunCommand
) -> None:
    path = tmp_path / "bundle.zip"
    if content is not None:
        path.write_bytes(content)
    finished = command("bundle", path, "-o", tmp_path / "out")
    assert (finished.returncode, finished.stdout) == (1, "")
    assert message in finished.stderr
    assert "Traceback" not in finished.stderr


def test_a_bundle_without_its_rows_is_refused(bundle: Path, tmp_path: Path) -> None:
    path = changed(
        bundle, tmp_path / "b.zip", lambda name, content: None if name == "calls.jsonl" else content
    )
    with pytest.raises(FileProblem, match=r"calls\.jsonl is missing"):
        verify(path, tmp_path / "out")


def test_a_broken_row_is_named_by_line_and_field(bundle: Path, tmp_path: Path) -> None:
    def change(name: str, content: bytes) -> bytes:
        if name != "generations.jsonl":
            return content
        lines = content.split(b"\n")
        lines[2] = lines[2].replace(b'"input_tokens":500', b'"input_tokens":"many"')
        return b"\n".join(lines)

    path = changed(bundle, tmp_path / "b.zip", change)
    with pytest.raises(FileProblem, match=r"generations\.jsonl, line 3, column input_tokens: expected"):
        verify(path, tmp_path / "out")


def test_names_that_lead_outside_are_refused(bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(bundle.read_bytes())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.txt", "x")
    with pytest.raises(FileProblem, match="would lie outside"):
        verify(path, tmp_path / "out")
    assert not (tmp_path / "outside.txt").exists()


def test_every_column_of_every_table_is_explained(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        package = json.loads(archive.read("datapackage.json"))
        for name, columns in TABLES.items():
            header = archive.read(name).decode().split("\n")[0].split(",")
            assert tuple(header) == columns
        described = {
            resource["path"]: [field["name"] for field in resource["schema"]["fields"]]
            for resource in package["resources"]
            if "schema" in resource
        }
        files = set(archive.namelist())
    assert described == {name: list(columns) for name, columns in TABLES.items()}
    assert {resource["path"] for resource in package["resources"]} <= files
    assert {column for columns in TABLES.values() for column in columns} == set(COLUMNS)


def test_ratings_have_the_agreed_columns_in_the_agreed_order() -> None:
    assert RATINGS_COLUMNS == (
        "study",
        "comparison",
        "sample",
        "task_kind",
        "criterion",
        "rater",
        "seat",
        "system_a",
        "system_b",
        "shown_left",
        "choice_shown",
        "choice",
        "strength",
        "score_a",
        "score_b",
        "comment",
        "status",
        "exclusion_reason",
        "opened_at",
        "first_action_at",
        "submitted_at",
        "active_seconds",
        "revision",
    )
    assert tuple(field.name for field in fields(JudgmentRow)) == RATINGS_COLUMNS

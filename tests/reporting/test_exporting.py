"""The bundle: one snapshot, the same bytes, and everything in it computed again elsewhere."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Thread

import pytest
from django.db import connection, transaction

from raters.models import RaterIdentity, StoredReport
from raters.reporting.building import build
from raters.reporting.exporting import file_stem, write_bundle
from raters.reporting.ratings import ratings_csv
from raters.reporting.snapshot import snapshot
from raters.reporting.sources import write_sources
from tests.reporting.studies import NOON, Said, StudyCast, open_study

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN = {"ratings.csv", "samples.jsonl", "generations.jsonl", "calls.jsonl", "prices.csv", "protocol.json"}


def judged_study(name: str = "Small against large") -> StudyCast:
    cast = open_study(name, samples=6)
    cast.judge_all()
    first = cast.study.judgments.order_by("id").first()
    assert first is not None
    cast.correct(first, "tie")
    cast.judge(0, 1, "left", rater=0, status="surplus", said=Said("late,\nbut said"))
    cast.close()
    return cast


def bundle_of(cast: StudyCast) -> bytes:
    target = io.BytesIO()
    write_bundle(cast.study.pk, target)
    return target.getvalue()


def test_the_bundle_holds_the_rows_the_report_and_checksums() -> None:
    with zipfile.ZipFile(io.BytesIO(bundle_of(judged_study()))) as archive:
        names = set(archive.namelist())
    assert names >= GIVEN | {
        "README.md", "SHA256SUMS", "codebook.csv", "datapackage.json", "events.jsonl", "raters.csv",
        "report.html", "report.json", "votes.csv",
    }  # fmt: skip
    assert any(name.startswith("charts/") for name in names)


def test_nothing_changed_gives_the_same_bytes_whether_or_not_a_report_is_kept() -> None:
    cast = judged_study()
    first = bundle_of(cast)
    build(cast.study.pk, clock=lambda: NOON, progress=lambda _share, _stage: None)
    assert bundle_of(cast) == first


def test_one_more_judgment_is_in_the_bundle_though_an_older_report_is_kept() -> None:
    cast = open_study(samples=2)
    cast.judge(0, 0, "left")
    build(cast.study.pk, clock=lambda: NOON, progress=lambda _share, _stage: None)
    cast.judge(0, 1, "left")
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        assert json.loads(archive.read("report.json"))["totals"]["judgments"] == 2


def test_the_command_without_a_database_computes_the_same_files(tmp_path: Path) -> None:
    cast = judged_study()
    kept = build(cast.study.pk, clock=lambda: NOON, progress=lambda _share, _stage: None)
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(bundle_of(cast))
    finished = subprocess.run(
        [sys.executable, "-m", "evalapp.reports", "bundle", str(bundle), "-o", str(tmp_path / "again")],
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={"PATH": "", "DATABASE_URL": "postgresql://nobody@/nowhere?host=/nowhere"},
    )
    assert finished.returncode == 0, finished.stderr.decode()
    stored = {file.name: bytes(file.content) for file in kept.files.all()}
    again = {name: (tmp_path / "again" / name).read_bytes() for name in stored}
    assert again["report.json"] == stored["report.json"]
    assert again["report.html"] == stored["report.html"]
    assert again == stored


def test_a_study_that_nobody_judged_has_a_bundle(tmp_path: Path) -> None:
    cast = open_study()
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        assert archive.read("ratings.csv").count(b"\n") == 1
        assert json.loads(archive.read("report.json"))["totals"]["judgments"] == 0


def test_no_rater_is_named_in_the_bundle() -> None:
    cast = judged_study()
    identity_words = [b"Wilhelmina", b"wilhelmina@example.org"]
    RaterIdentity.objects.create(rater=cast.raters[0], name="Wilhelmina", email="wilhelmina@example.org")
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert cast.raters[0].token.encode() not in everything
    assert not [word for word in identity_words if word in everything]


def test_files_written_while_raters_go_on_agree_with_one_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = open_study(samples=2)
    cast.judge(0, 0, "left")

    def judge_meanwhile() -> None:
        try:
            cast.judge(0, 1, "right")
        finally:
            connection.close()

    def ratings_then_a_judgment(study_id: int) -> list[bytes]:
        content = b"".join(ratings_csv(study_id))
        other = Thread(target=judge_meanwhile)
        other.start()
        other.join()
        return [content]

    monkeypatch.setattr("raters.reporting.sources.ratings_csv", ratings_then_a_judgment)
    checksum = write_sources(cast.study.pk, tmp_path)
    monkeypatch.undo()
    later = tmp_path / "later"
    later.mkdir()
    assert write_sources(cast.study.pk, later) != checksum
    assert (tmp_path / "ratings.csv").read_bytes().count(b"\n") == 2
    assert (later / "ratings.csv").read_bytes().count(b"\n") == 3


def test_a_snapshot_cannot_begin_inside_another_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError), snapshot():
        pass


def test_pages_are_shown_without_loading_the_numerical_packages() -> None:
    question = "import django; django.setup(); import config.urls, sys; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", question],
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[2],
    ).stdout.split()
    assert "raters.views.downloads" in loaded
    assert not {"numpy", "scipy", "pandas", "altair", "statsmodels"} & set(loaded)


def test_the_report_json_counts_what_the_ratings_say() -> None:
    cast = judged_study()
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("ratings.csv").decode(), newline="")))
        report = json.loads(archive.read("report.json"))
    by_status = dict.fromkeys(report["exclusions"]["by_status"], 0)
    for row in rows:
        by_status[row["status"]] += 1
    assert report["exclusions"]["by_status"] == by_status
    assert (by_status["counted"], by_status["superseded"], by_status["surplus"]) == (18, 1, 1)


def test_a_simulated_study_says_so_in_every_file_that_has_words_and_in_its_name() -> None:
    cast = open_study("Prague–Wien: “new” / model?", simulated=True)
    cast.judge_all()
    assert file_stem(cast.study) == "simulated-pragueWien-new-model".lower()
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        for name in ("README.md", "report.html", "datapackage.json", "protocol.json", "report.json"):
            assert b"imulated" in archive.read(name), name


def test_a_report_that_is_kept_belongs_to_its_rows_only() -> None:
    cast = judged_study()
    build(cast.study.pk, clock=lambda: NOON, progress=lambda _share, _stage: None)
    StoredReport.objects.update(input_checksum="of other rows")
    cast.study.report.files.filter(name="report.json").update(content=b"not this")
    with zipfile.ZipFile(io.BytesIO(bundle_of(cast))) as archive:
        assert json.loads(archive.read("report.json"))["study"] == cast.study.name

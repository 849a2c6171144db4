"""export_bundle, verify and build_report, as an operator uses them."""

import hashlib
import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from raters.audit import CONSOLE
from raters.models import AuditEvent, StoredReport
from raters.reporting.sealing import OPENED_EARLY
from tests.reporting.studies import StudyCast, open_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> StudyCast:
    made = open_study(samples=3)
    made.judge_all()
    made.close()
    return made


def said(command: str, *arguments: object) -> str:
    out = StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def exported(cast: StudyCast, folder: Path) -> Path:
    bundle = folder / "bundle.zip"
    said("export_bundle", cast.study.name, "-o", bundle)
    return bundle


def changed(bundle: Path, name: str, old: bytes, new: bytes, *, sums: bool) -> Path:
    """The bundle with one file altered; with ``sums`` its checksum is forged as well."""
    with zipfile.ZipFile(bundle) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    assert old in files[name]
    honest = hashlib.sha256(files[name]).hexdigest().encode()
    files[name] = files[name].replace(old, new)
    if sums:
        forged = hashlib.sha256(files[name]).hexdigest().encode()
        files["SHA256SUMS"] = files["SHA256SUMS"].replace(honest, forged)
    target = bundle.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return target


def test_exporting_twice_gives_the_same_bytes(cast: StudyCast, tmp_path: Path) -> None:
    first = exported(cast, tmp_path).read_bytes()
    assert exported(cast, tmp_path).read_bytes() == first
    assert list(tmp_path.iterdir()) == [tmp_path / "bundle.zip"]


def test_the_export_is_described_as_json(cast: StudyCast, tmp_path: Path) -> None:
    bundle = tmp_path / "b.zip"
    facts = json.loads(said("export_bundle", cast.study.pk, "-o", bundle, "--json"))
    content = bundle.read_bytes()
    assert facts == {
        "study": cast.study.name,
        "file": str(bundle),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def test_sealed_results_are_not_exported_unless_opened_early(tmp_path: Path) -> None:
    cast = open_study()
    bundle = tmp_path / "bundle.zip"
    with pytest.raises(CommandError, match="sealed until it is closed"):
        call_command("export_bundle", cast.study.name, "-o", str(bundle))
    assert not bundle.exists()
    said("export_bundle", cast.study.name, "-o", bundle, "--open-early")
    assert AuditEvent.objects.get(study=cast.study, action=OPENED_EARLY).actor == CONSOLE
    with zipfile.ZipFile(bundle) as archive:
        assert json.loads(archive.read("protocol.json"))["unsealed_early_at"] is not None


def test_an_unknown_study_is_named_with_those_there_are(cast: StudyCast, tmp_path: Path) -> None:
    for command in (("export_bundle", "Nothing", "-o", str(tmp_path / "b.zip")), ("build_report", "Nothing")):
        with pytest.raises(
            CommandError, match=r"There is no study “Nothing”\. There are: “Small against large”"
        ):
            call_command(*command)


def test_a_place_that_cannot_be_written_is_said(cast: StudyCast, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be written: No such file or directory"):
        call_command("export_bundle", cast.study.name, "-o", str(tmp_path / "nowhere" / "b.zip"))


def test_a_whole_bundle_is_verified(cast: StudyCast, tmp_path: Path) -> None:
    assert "2 events in an unbroken chain" in said("verify", exported(cast, tmp_path))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (("ratings.csv", b",left,a,", b",right,b,"), "report.json: recomputing"),
        (("report.json", b'"judgments": 9', b'"judgments": 8'), "report.json: recomputing"),
        (("events.jsonl", b'"actor": "olga"', b'"actor": "otto"'), "events.jsonl: the seal of “opened”"),
        (("protocol.json", b'"chain_head": "', b'"chain_head": "0'), "is not the chain_head"),
    ],
)
def test_a_bundle_changed_with_its_checksum_is_found_out(
    cast: StudyCast, tmp_path: Path, change: tuple[str, bytes, bytes], found: str
) -> None:
    bundle = exported(cast, tmp_path)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify", str(changed(bundle, *change, sums=True)), stdout=out, stderr=out)
    assert ended.value.code == 1
    assert found in out.getvalue()


def test_a_changed_file_is_named_in_json(cast: StudyCast, tmp_path: Path) -> None:
    bundle = changed(exported(cast, tmp_path), "README.md", b"#", b"##", sums=False)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", str(bundle), "--json", stdout=out)
    outcome = json.loads(out.getvalue())
    assert outcome["holds"] is False
    assert outcome["checksums"]["wrong"] == ["README.md"]


def test_an_event_that_cannot_be_read_is_named_with_its_line(cast: StudyCast, tmp_path: Path) -> None:
    broken = changed(exported(cast, tmp_path), "events.jsonl", b'"action": "closed"', b'"act": 1', sums=True)
    with pytest.raises(CommandError, match=r"events\.jsonl, line 2: is not an event"):
        call_command("verify", str(broken), stdout=StringIO(), stderr=StringIO())


def test_what_is_no_bundle_is_refused_in_words(tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    other.write_bytes(b"PK no")
    with pytest.raises(CommandError, match="is not a zip file"):
        call_command("verify", str(other))


def test_a_report_is_built_and_kept(cast: StudyCast) -> None:
    assert said("build_report", cast.study.name) == "The report of “Small against large” is ready.\n"
    assert StoredReport.objects.get(study=cast.study).is_ready

"""Uploaded bytes to records: JSON Lines, CSV, or a zip of one of them with pictures."""

from dataclasses import dataclass

from evalapp.problems import FileRefused, Problem
from evalapp.tasksets.archive import Archive
from evalapp.tasksets.csv_rows import read_csv
from evalapp.tasksets.json_lines import read_json_lines
from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits
from evalapp.tasksets.records import Record

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class TaskFile:
    """What a task file holds, not yet checked; ``archive`` gives the pictures when it was a zip."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    archive: Archive | None


def read_task_file(data: bytes, source_name: str, limits: Limits = DEFAULT_LIMITS) -> TaskFile:
    """Read a whole task file; row faults are collected in the result.

    A zip is known by its first bytes, CSV by the ending of ``source_name`` or, without a telling one, by not
    beginning with a brace. Raises ``FileRefused`` when the file as a whole cannot be taken: too large, empty,
    not text, a zip that cannot be opened.
    """
    if len(data) > limits.file_bytes:
        message = f"the file has {len(data):,} bytes; at most {limits.file_bytes:,} are taken; split it"
        raise FileRefused([Problem(message)])
    archive = Archive(data, limits) if data.startswith(ZIP_STARTS) else None
    if archive is not None:
        data, source_name = archive.read_task_file(), archive.task_file
    if data.startswith(UTF16_MARKS):
        raise FileRefused([Problem("the file is UTF-16; save it as UTF-8", line=1, column=1)])
    data = data.removeprefix(UTF8_MARK)
    read = read_csv if _is_csv(data, source_name) else read_json_lines
    found = read(data, limits)
    if not found.records and not found.problems:
        raise FileRefused([Problem("the file holds no rows; give it at least one")])
    return TaskFile(found.records, found.problems, archive)


def _is_csv(data: bytes, source_name: str) -> bool:
    ending = source_name.lower().rpartition(".")[2]
    if ending in {"jsonl", "ndjson", "json"}:
        return False
    return ending == "csv" or data.lstrip()[:1] not in {b"{", b"["}

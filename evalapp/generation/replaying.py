"""Every request of a run or of a log file, rebuilt to the byte and held against its checksum."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from evalapp.generation.logs import ROWS_AT_ONCE
from evalapp.models import ApiCall, Image, Run
from evalapp.providers.rebuilding import FindPicture, Rebuilt, rebuild

#: Pictures kept in memory while requests are rebuilt; samples that follow each other rarely share one.
PICTURES_KEPT = 16


class NotALog(Exception):
    """A file that is no log of this program; the message names the line."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One request rebuilt."""

    call_id: int
    sample: str | None
    noted_sha256: str
    rebuilt: Rebuilt


def replay_run(run: Run) -> Iterator[Replayed]:
    """The requests of a run as the database keeps them, in the order in which they were sent."""
    find = _finder()
    calls = ApiCall.objects.filter(run=run).select_related("generation__sample").order_by("id")
    few = calls.only("request", "request_sha256", "generation__sample__key")
    for call in few.iterator(chunk_size=ROWS_AT_ONCE):
        sample = call.generation.sample.key if call.generation else None
        yield Replayed(call.pk, sample, call.request_sha256, rebuild(call.request, call.request_sha256, find))


def replay_log(path: Path) -> Iterator[Replayed]:
    """The requests of a log file. Pictures are looked for in this database by their checksums.

    Raises `NotALog`, and OSError when the file cannot be read.
    """
    find = _finder()
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, record in _records(file):
            if record.get("type") != "call":
                continue
            request, noted = record.get("request"), record.get("request_sha256")
            if not isinstance(request, dict) or not isinstance(noted, str):
                raise NotALog(f"line {number} holds no request with its checksum")
            call_id, sample = record.get("call"), record.get("sample")
            yield Replayed(
                call_id if isinstance(call_id, int) else number,
                sample if isinstance(sample, str) else None,
                noted,
                rebuild(request, noted, find),
            )


def _records(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
        except ValueError:
            raise NotALog(f"line {number} is not JSON") from None
        if not isinstance(record, dict) or record.get("type") not in {"run", "call"}:
            raise NotALog(f"line {number} is neither a run nor a request")
        yield number, record


def _finder() -> FindPicture:
    return lru_cache(PICTURES_KEPT)(_picture)


def _picture(sha256: str) -> bytes | None:
    data = Image.objects.filter(sha256=sha256).values_list("data", flat=True).first()
    return None if data is None else bytes(data)

"""The bundle: everything a report is made of, everything it says, and what verifies both."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from evalapp.reports.build import build_report
from evalapp.reports.canonical import Report
from evalapp.reports.charts import charts_of
from evalapp.reports.description import codebook_csv, datapackage_json, readme_text
from evalapp.reports.html import render_page
from evalapp.reports.judgments import Judgments, read_ratings
from evalapp.reports.raters import RATERS_COLUMNS, rater_records
from evalapp.reports.rowfiles import (
    csv_bytes,
    protocol_json,
    read_json_lines,
    read_prices,
    read_protocol,
    rows_csv,
    write_json_lines,
)
from evalapp.reports.rows import CallRow, GenerationRow, PriceRow, Protocol, SampleRow
from evalapp.reports.votes import VOTES_COLUMNS, vote, vote_records

GIVEN = (
    "ratings.csv",
    "samples.jsonl",
    "generations.jsonl",
    "calls.jsonl",
    "prices.csv",
    "protocol.json",
    "events.jsonl",
)
"""The files that hold the rows; every other file is computed from them."""
SUMS = "SHA256SUMS"
PIECE_BYTES = 1024 * 1024
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that equal content gives equal bytes."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a bundle holds, read."""

    judgments: Judgments
    samples: list[SampleRow]
    generations: list[GenerationRow]
    calls: list[CallRow]
    prices: list[PriceRow]
    protocol: Protocol


def read_rows(folder: Path) -> Rows:
    """The rows in a folder with the GIVEN files. Raises FileProblem with file, line and column."""
    return Rows(
        judgments=read_ratings(folder / "ratings.csv"),
        samples=list(read_json_lines(folder / "samples.jsonl", SampleRow)),
        generations=list(read_json_lines(folder / "generations.jsonl", GenerationRow)),
        calls=list(read_json_lines(folder / "calls.jsonl", CallRow)),
        prices=read_prices(folder / "prices.csv"),
        protocol=read_protocol(folder / "protocol.json"),
    )


def report_of(rows: Rows) -> Report:
    """The report of a bundle's rows, with the seed of its protocol."""
    return build_report(
        rows.judgments,
        rows.generations,
        rows.calls,
        rows.protocol,
        rows.protocol.seed,
        samples=rows.samples,
        prices=rows.prices,
    )


def computed_files(rows: Rows) -> dict[str, bytes]:
    """Every file that is computed from the rows, by name."""
    report = report_of(rows)
    votes = vote(rows.judgments.with_status("counted"), both_bad_as_tie=rows.protocol.both_bad_as_tie)
    files = {
        "README.md": readme_text(report).encode(),
        "report.html": render_page(report).encode(),
        "report.json": report.to_json(),
        "votes.csv": csv_bytes(VOTES_COLUMNS, vote_records(votes)),
        "raters.csv": csv_bytes(RATERS_COLUMNS, rater_records(rows.judgments, rows.protocol)),
        "codebook.csv": codebook_csv(),
        "datapackage.json": datapackage_json(rows.protocol),
    }
    for name, chart in charts_of(report).items():
        files[f"charts/{name}.svg"] = chart.svg().encode()
        files[f"charts/{name}.png"] = chart.png()
    return files


def write_bundle(
    target: Path | IO[bytes],
    *,
    ratings_csv: Path | Iterable[bytes],
    samples: Iterable[SampleRow],
    generations: Iterable[GenerationRow],
    calls: Iterable[CallRow],
    prices: Iterable[PriceRow],
    protocol: Protocol,
    events: bytes = b"",
) -> Report:
    """Write the zip and return the report that it holds. The same rows give the same bytes.

    `ratings_csv` is the file as exported, kept byte for byte. All figures are computed from the files
    written, so whoever has only the bundle computes the same.
    """
    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        _write_ratings(folder / "ratings.csv", ratings_csv)
        write_json_lines(folder / "samples.jsonl", samples)
        write_json_lines(folder / "generations.jsonl", generations)
        write_json_lines(folder / "calls.jsonl", calls)
        (folder / "prices.csv").write_bytes(rows_csv(prices, PriceRow))
        (folder / "protocol.json").write_bytes(protocol_json(protocol))
        (folder / "events.jsonl").write_bytes(events)
        computed = computed_files(read_rows(folder))
        pack(target, folder, computed)
    return Report.from_json(computed["report.json"])


def _write_ratings(path: Path, ratings_csv: Path | Iterable[bytes]) -> None:
    with path.open("wb") as file:
        if isinstance(ratings_csv, Path):
            with ratings_csv.open("rb") as source:
                while piece := source.read(PIECE_BYTES):
                    file.write(piece)
        else:
            for piece in ratings_csv:
                file.write(piece)


def pack(target: Path | IO[bytes], folder: Path, computed: Mapping[str, bytes]) -> None:
    """Write the zip from a folder with the GIVEN files and the contents of all others, checksums included."""
    """Write the zip from a folder with the GIVEN files and the content of every computed file."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in computed.items()}
    sums |= {name: file_sha256(folder / name) for name in GIVEN}
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(sums):
            with archive.open(_entry(name), "w", force_zip64=True) as file:
                if name in computed:
                    file.write(computed[name])
                    continue
                with (folder / name).open("rb") as source:
                    while piece := source.read(PIECE_BYTES):
                        file.write(piece)
        archive.writestr(_entry(SUMS), sums_text(sums))


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o644 << 16
    return entry


def sums_text(sums: Mapping[str, str]) -> str:
    """SHA256SUMS as `sha256sum --check` reads it, sorted by name."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

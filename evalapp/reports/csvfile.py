"""Reading large CSV files in pieces, with the line and column of whatever is wrong."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from _csv import Reader

CHUNK_RECORDS = 50_000
LONGEST_FIELD = 16 * 1024 * 1024
"""Characters in one field."""


class FileProblem(ValueError):
    """A file cannot be read as what it should be. Says where; trying again cannot help."""

    def __init__(
        self, path: Path, message: str, *, line: int | None = None, column: str | None = None
    ) -> None:
        place = path.name
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(f"{place}: {message}")
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Piece:
    """Some consecutive records: the number of the first (from 0), and the wanted columns as texts."""

    first: int
    columns: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file in UTF-8 with a header line. Fields may hold line breaks."""

    path: Path
    header: tuple[str, ...]

    @classmethod
    def open(cls, path: Path) -> CsvFile:
        """Read the header. Raises FileProblem when there is none or a name stands twice."""
        with _records(path) as reader:
            header = tuple(name.strip() for name in next(reader, ()))
        if not any(header):
            raise FileProblem(path, "is empty; a header line with the column names is needed", line=1)
        for name in header:
            if header.count(name) > 1:
                raise FileProblem(
                    path, f"the column {name!r} stands twice in the header", line=1, column=name
                )
        return cls(path, header)

    def require(self, names: Sequence[str]) -> None:
        """Raises FileProblem naming every wanted column that the file lacks."""
        missing = [name for name in names if name not in self.header]
        if missing:
            raise FileProblem(
                self.path, f"has no column {', '.join(missing)}; it has {', '.join(self.header)}", line=1
            )

    def pieces(self, names: Sequence[str]) -> Iterator[Piece]:
        """The named columns, some thousand records at a time. Empty lines are passed over.

        Raises FileProblem for a row with too few or too many fields, an unclosed quote, NUL, or bytes
        that are not UTF-8.
        """
        places = [self.header.index(name) for name in names]
        width = len(self.header)
        first = 0
        with _records(self.path) as reader:
            next(reader)
            filled = filter(None, reader)
            while records := list(itertools.islice(filled, CHUNK_RECORDS)):
                if {*map(len, records)} != {width}:
                    at = next(place for place, record in enumerate(records) if len(record) != width)
                    self.refuse(first + at, f"has {len(records[at])} fields, the header has {width}")
                turned = list(zip(*records, strict=True))
                yield Piece(first, {name: turned[place] for name, place in zip(names, places, strict=True)})
                first += len(records)

    def line_of(self, record: int) -> int:
        """The line on which record number `record` (from 0) begins."""
        with _records(self.path) as reader:
            next(reader)
            seen = -1
            begins = reader.line_num + 1
            for fields in reader:
                seen += bool(fields)
                if seen == record:
                    return begins
                begins = reader.line_num + 1
        return begins

    def refuse(self, record: int, message: str, column: str | None = None) -> NoReturn:
        """Raise the FileProblem that points at a record."""
        raise FileProblem(self.path, message, line=self.line_of(record), column=column)


@contextmanager
def _records(path: Path) -> Iterator[Reader]:
    before = csv.field_size_limit(LONGEST_FIELD)
    reader = None
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(_without_nul(file, path), strict=True)
            yield reader
    except csv.Error as error:
        line = reader.line_num if reader is not None else None
        raise FileProblem(path, f"is not well-formed CSV: {error}", line=line) from error
    except UnicodeDecodeError as error:
        raise FileProblem(path, "is not UTF-8 text", line=_line_of_bad_bytes(path)) from error
    except OSError as error:
        raise FileProblem(path, f"cannot be read: {error.strerror}") from error
    finally:
        csv.field_size_limit(before)


def _without_nul(lines: Iterable[str], path: Path) -> Iterator[str]:
    # No CSV that people or tools mean to write holds NUL; databases and spreadsheets cut the text there.
    for number, line in enumerate(lines, start=1):
        if "\x00" in line:
            raise FileProblem(path, "holds a NUL character", line=number)
        yield line


def _line_of_bad_bytes(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return number

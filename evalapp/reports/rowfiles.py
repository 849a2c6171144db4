"""Rows to files and back: JSON Lines, prices.csv, protocol.json."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from evalapp.reports.canonical import canonical_json, decimal_text, iso_utc
from evalapp.reports.csvfile import CsvFile, FileProblem
from evalapp.reports.rows import (
    CallRow,
    GenerationRow,
    JudgmentRow,
    PriceRow,
    Protocol,
    SampleRow,
    columns_of,
)

JsonRow = TypeVar("JsonRow", SampleRow, GenerationRow, CallRow)
NEEDS_QUOTES = re.compile(r'[",\r\n]')
PLACE_IN_MESSAGE = re.compile(r" - at `\$\.?(?P<field>[^`]*)`")


def json_line(row: SampleRow | GenerationRow | CallRow) -> bytes:
    """One row as a line of JSON: fields in their order, decimals as text, times as ISO 8601 UTC."""
    return msgspec.json.encode(row) + b"\n"


def write_json_lines(path: Path, rows: Iterable[SampleRow | GenerationRow | CallRow]) -> None:
    """One line per row."""
    with path.open("wb") as file:
        for row in rows:
            file.write(json_line(row))


def read_json_lines(path: Path, row_type: type[JsonRow]) -> Iterator[JsonRow]:
    """The rows of a JSON Lines file. Raises FileProblem with the line and field of the first fault."""
    decoder = msgspec.json.Decoder(row_type)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield _decoded(decoder, line, path, number)
    except OSError as error:
        raise FileProblem(path, f"cannot be read: {error.strerror}") from error


def _decoded(decoder: msgspec.json.Decoder[JsonRow], line: bytes, path: Path, number: int) -> JsonRow:
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _problem(path, error, number) from error


def _problem(path: Path, error: Exception, line: int | None) -> FileProblem:
    message = str(error)
    place = PLACE_IN_MESSAGE.search(message)
    message = PLACE_IN_MESSAGE.sub("", message)
    message = message[:1].lower() + message[1:]
    return FileProblem(path, message, line=line, column=place["field"] if place and place["field"] else None)


def protocol_json(protocol: Protocol) -> bytes:
    """The bytes of protocol.json."""
    return canonical_json({field.name: getattr(protocol, field.name) for field in fields(protocol)})


def read_protocol(path: Path) -> Protocol:
    """The protocol of a bundle. Raises FileProblem naming the field that is wrong."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Protocol)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _problem(path, error, None) from error
    except OSError as error:
        raise FileProblem(path, f"cannot be read: {error.strerror}") from error


def field_text(value: object) -> str:
    """A value as a CSV field: empty for none, whole numbers without a point, times in UTC."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(float(value))
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return iso_utc(value)
    return str(value)


def write_csv(file: IO[str], columns: Sequence[str], records: Iterable[Sequence[object]]) -> None:
    """A header and the records, lines ended by a line feed."""
    file.write(_csv_line(columns))
    for record in records:
        file.write(_csv_line(record))


def _csv_line(record: Sequence[object]) -> str:
    # The csv module leaves a lone carriage return unquoted when lines end with a line feed, and then reads
    # it as the end of the line.
    texts = [field_text(value) for value in record]
    if texts == [""]:
        return '""\n'
    quoted = ('"' + text.replace('"', '""') + '"' if NEEDS_QUOTES.search(text) else text for text in texts)
    return ",".join(quoted) + "\n"


def csv_bytes(columns: Sequence[str], records: Iterable[Sequence[object]]) -> bytes:
    """The same as bytes."""
    text = io.StringIO(newline="")
    write_csv(text, columns, records)
    return text.getvalue().encode()


def rows_csv(rows: Iterable[JudgmentRow] | Iterable[PriceRow], row_type: type) -> bytes:
    """Rows of one type as CSV, columns in the order of its fields."""
    columns = columns_of(row_type)
    return csv_bytes(columns, ([getattr(row, name) for name in columns] for row in rows))


def read_prices(path: Path) -> list[PriceRow]:
    """The rows of prices.csv. Raises FileProblem with line and column."""
    file = CsvFile.open(path)
    columns = columns_of(PriceRow)
    file.require(columns)
    prices: list[PriceRow] = []
    for piece in file.pieces(columns):
        for at in range(len(piece)):
            record = {name: piece.columns[name][at] for name in columns}
            amounts = {
                name: _amount(file, piece.first + at, name, record[name])
                for name in columns
                if name.endswith("_usd_per_mtok")
            }
            dear = amounts["input_usd_per_mtok"], amounts["output_usd_per_mtok"]
            if dear[0] is None or dear[1] is None:
                file.refuse(piece.first + at, "a price is missing")
            prices.append(
                PriceRow(
                    model=record["model"],
                    input_usd_per_mtok=dear[0],
                    cached_input_usd_per_mtok=amounts["cached_input_usd_per_mtok"],
                    output_usd_per_mtok=dear[1],
                    valid_from=_moment(file, piece.first + at, "valid_from", record["valid_from"]),
                    source_url=record["source_url"],
                    checked_on=record["checked_on"],
                )
            )
    return prices


def _amount(file: CsvFile, record: int, name: str, text: str) -> Decimal | None:
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        file.refuse(record, f"{text!r} is not a decimal number", name)
    if not amount.is_finite() or amount < 0:
        file.refuse(record, f"{text!r} is not a price", name)
    return amount


def _moment(file: CsvFile, record: int, name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        file.refuse(record, f"{text!r} is not an ISO 8601 time", name)
    if moment.tzinfo is None:
        file.refuse(record, f"{text!r} has no time zone", name)
    return moment

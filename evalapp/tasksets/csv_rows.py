"""CSV to records: a header row, commas, double quotes; a quoted text may go on over several lines."""

import csv
import io
from collections.abc import Iterator

from evalapp.problems import Problem
from evalapp.tasksets.limits import DEFAULT_LIMITS, Limits
from evalapp.tasksets.records import Record, RecordsRead
from evalapp.tasksets.strict_json import shown

# The csv module's bound is one for the whole process and too low for a document; ours is checked per cell.
csv.field_size_limit(DEFAULT_LIMITS.file_bytes)


def read_csv(data: bytes, limits: Limits) -> RecordsRead:
    """Every record, with an empty cell as an absent field, and every problem.

    A broken quote ends the reading, because nobody can know where the next row begins; a ragged row does not.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        message = "this is not UTF-8 text; save the file as “CSV UTF-8”"
        return _only(Problem(message, line=line, column=column))
    if "\x00" in text:
        return RecordsRead((), tuple(_nul_problems(text)))
    rows = _rows(text)
    try:
        first = next(rows, None)
        if first is None:
            return RecordsRead(())
        header = first[1]
        faults = _header_problems(header, limits)
        return RecordsRead((), tuple(faults)) if faults else _records(header, rows, limits)
    except _Broken as broken:
        return _only(broken.problem)


class _Broken(Exception):
    """The quotes of a row do not match."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def _only(problem: Problem) -> RecordsRead:
    return RecordsRead((), (problem,))


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _Broken(_broken_quote(text, line)) from None
        if row:
            yield line, row


def _records(header: list[str], rows: Iterator[tuple[int, list[str]]], limits: Limits) -> RecordsRead:
    records: list[Record] = []
    problems: list[Problem] = []
    try:
        for line, row in rows:
            if len(records) + len(problems) >= limits.rows:
                problems.append(Problem(f"more than {limits.rows:,} rows; split the file", line=line))
                break
            fault = _row_problem(header, line, row, limits)
            if fault is None:
                values = {name: cell for name, cell in zip(header, row, strict=True) if cell}
                records.append(Record(line, values))
            else:
                problems.append(fault)
    except _Broken as broken:
        problems.append(broken.problem)
    return RecordsRead(tuple(records), tuple(problems))


def _row_problem(header: list[str], line: int, row: list[str], limits: Limits) -> Problem | None:
    if len(row) != len(header):
        message = (
            f"{len(row)} cells where the header has {len(header)}; "
            "put a text that holds a comma or a quote in double quotes"
        )
        return Problem(message, line=line, column=min(len(row), len(header)) + 1)
    for name, cell in zip(header, row, strict=True):
        if len(cell) > limits.characters:
            message = f"the text has {len(cell):,} characters; at most {limits.characters:,} are taken"
            return Problem(message, line=line, field=name)
    return None


def _header_problems(header: list[str], limits: Limits) -> list[Problem]:
    if len(header) > limits.fields:
        return [Problem(f"{len(header)} columns; at most {limits.fields} are taken", line=1)]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [Problem("the columns are not separated by commas; save the file as CSV with commas", line=1)]
    problems = []
    for column, name in enumerate(header, start=1):
        if not name.strip():
            problems.append(Problem("this column has no name; name or remove it", line=1, column=column))
        elif name in header[: column - 1]:
            message = f"two columns are called “{shown(name)}”; keep one"
            problems.append(Problem(message, line=1, column=column, field=name))
    return problems


def _nul_problems(text: str) -> Iterator[Problem]:
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
        if "\x00" in line:
            message = "the line holds a NUL character; remove it"
            yield Problem(message, line=number, column=line.index("\x00") + 1)


def _broken_quote(text: str, first_line: int) -> Problem:
    """Where the quotes go wrong in the row that begins on ``first_line`` and is known to be bad."""
    quoted, at_start = False, True
    opened = (first_line, 1)
    for line, content in enumerate(io.StringIO(text, newline=""), start=1):
        if line < first_line:
            continue
        column = 0
        while column < len(content):
            letter, following = content[column], content[column + 1 : column + 2]
            if quoted and letter == '"' and following == '"':
                column += 1
            elif quoted and letter == '"':
                quoted = False
                if following not in {"", ",", "\r", "\n"}:
                    message = "text follows a closing quote; write a quote inside a text twice"
                    return Problem(message, line=line, column=column + 2)
            elif not quoted and letter == '"' and at_start:
                quoted, opened = True, (line, column + 1)
            at_start = not quoted and letter in ",\r\n"
            column += 1
    return Problem("this quote is never closed; add the closing quote", line=opened[0], column=opened[1])

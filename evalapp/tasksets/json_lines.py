"""JSON Lines to records: one object a line, where only a line feed ends a line."""

from collections.abc import Iterator

from evalapp.problems import Problem
from evalapp.tasksets.limits import Limits
from evalapp.tasksets.records import Record, RecordsRead
from evalapp.tasksets.strict_json import NotStrict, strict_value


def read_json_lines(data: bytes, limits: Limits) -> RecordsRead:
    """Every record that can be read, and a problem for every line that cannot.

    Lines are cut in bytes, because U+2028 and its kin are ordinary characters inside a JSON text. Blank lines
    are passed over. A file that is one JSON list gives a single problem, not one per line.
    """
    if data.lstrip()[:1] == b"[":
        message = "this is one JSON list; write each object on a line of its own, without the brackets"
        return RecordsRead((), (Problem(message, line=1),))
    records: list[Record] = []
    problems: list[Problem] = []
    for line, raw in _filled_lines(data):
        if len(records) + len(problems) >= limits.rows:
            problems.append(Problem(f"more than {limits.rows:,} rows; split the file", line=line))
            break
        found = _record(line, raw, limits)
        if isinstance(found, Record):
            records.append(found)
        else:
            problems.append(found)
            if raw.strip() == b"{" and not records:
                problems[-1] = Problem("this object goes on over several lines; write it on one", line=line)
                break
    return RecordsRead(tuple(records), tuple(problems))


def _filled_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    start, line = 0, 1
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        raw = data[start:end]
        if raw.strip(b" \t\r"):
            yield line, raw
        start, line = end + 1, line + 1


def _record(line: int, raw: bytes, limits: Limits) -> Record | Problem:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        column = len(raw[: error.start].decode("utf-8")) + 1
        return Problem("this is not UTF-8 text; save the file as UTF-8", line=line, column=column)
    try:
        value = strict_value(text, limits)
    except NotStrict as fault:
        return Problem(fault.message, line=line, column=fault.column, field=fault.field)
    if not isinstance(value, dict):
        return Problem('every line must be one JSON object, like {"id": "1", …}', line=line, column=1)
    if len(value) > limits.fields:
        return Problem(f"{len(value)} fields; at most {limits.fields} are taken", line=line)
    return Record(line, value)

"""Bytes become records with their lines, or problems with their places; nothing else can happen."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.problems import FileRefused, Problem
from evalapp.tasksets.limits import Limits
from evalapp.tasksets.reading import TaskFile, read_task_file

CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)


def places(file: TaskFile) -> list[tuple[int | None, int | None, str | None]]:
    """Where the problems are."""
    return [(problem.line, problem.column, problem.field) for problem in file.problems]


@given(
    st.lists(st.dictionaries(CELL, CELL, max_size=3), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"])
)
def test_json_lines_are_read_back_with_their_lines(rows: list[dict[str, str]], newline: str) -> None:
    data = newline.join(json.dumps(row, ensure_ascii=False) for row in rows).encode()
    file = read_task_file(data, "tasks.jsonl")
    assert [(record.line, dict(record.values)) for record in file.records] == list(enumerate(rows, start=1))
    assert file.problems == ()


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6), st.sampled_from(["\n", "\r\n"])
)
def test_csv_rows_are_read_back_with_the_lines_they_begin_on(rows: list[list[str]], newline: str) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=newline)
    lines = []
    for row in [["id", "prompt"], *rows]:
        lines.append(len(list(io.StringIO(buffer.getvalue(), newline=""))) + 1)
        writer.writerow(row)
    file = read_task_file(buffer.getvalue().encode(), "tasks.csv")
    expected = [
        {name: cell for name, cell in zip(("id", "prompt"), row, strict=True) if cell} for row in rows
    ]
    assert [(record.line, dict(record.values)) for record in file.records] == list(
        zip(lines[1:], expected, strict=True)
    )
    assert file.problems == ()


@given(st.binary(max_size=60), st.sampled_from(["a.jsonl", "a.csv", "a.zip", "a"]))
def test_any_bytes_are_read_or_refused_with_problems(data: bytes, name: str) -> None:
    try:
        file = read_task_file(data, name)
        found = len(file.records) + len(file.problems)
    except FileRefused as refused:
        found = len(refused.problems)
    assert found > 0


def test_line_separators_inside_a_text_do_not_end_a_line() -> None:
    text = "one\u2028two\u2029three\x85four\x0bfive\x0csix\x1cseven"
    data = json.dumps({"prompt": text}, ensure_ascii=False).encode()
    file = read_task_file(data + b"\n" + data, "tasks.jsonl")
    assert [problem.message for problem in file.problems] == []
    assert [(record.line, record.values["prompt"]) for record in file.records] == [(1, text), (2, text)]


def test_a_byte_order_mark_and_blank_lines_are_passed_over() -> None:
    file = read_task_file(b'\xef\xbb\xbf{"a": "1"}\n\n  \r\n{"a": "2"}', "tasks.jsonl")
    assert [(record.line, record.values) for record in file.records] == [(1, {"a": "1"}), (4, {"a": "2"})]
    file = read_task_file(b"\xef\xbb\xbfid,prompt\n\n1,x\n", "tasks.csv")
    assert [(record.line, record.values) for record in file.records] == [(3, {"id": "1", "prompt": "x"})]


def test_every_broken_json_line_is_named_and_the_good_ones_are_read() -> None:
    data = b"\n".join([b'{"a": "1"}', b'{"a": ', b"[1]", b'"x"', b'{"a": "\xff"}', b'{"b": 1, "b": 2}'])
    file = read_task_file(data, "tasks.jsonl")
    assert [record.line for record in file.records] == [1]
    assert places(file) == [(2, 7, None), (3, 1, None), (4, 1, None), (5, 8, None), (6, 10, "b")]


@pytest.mark.parametrize("data", [b'[{"a": 1},\n{"a": 2}]', b'{\n"a": 1\n}\n{\n"a": 2\n}'])
def test_json_that_is_not_line_by_line_gives_one_problem(data: bytes) -> None:
    file = read_task_file(data, "tasks.json")
    assert [problem.line for problem in file.problems] == [1]
    assert "line" in file.problems[0].message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("id,prompt\n1,a,b\n2,c\n3\n4,d\n", [(2, 3, None), (4, 2, None)]),
        ('id,prompt\n1,a\n2,"b\nc\nd', [(3, 3, None)]),
        ('id,prompt\n1,"a"b\n2,c\n', [(2, 6, None)]),
        ('id,prompt\n1,"a\nb"c",d\n', [(3, 3, None)]),
        ("id,prompt,id\n1,a,2\n", [(1, 3, "id")]),
        ("id,,\n1,a,2\n", [(1, 2, None), (1, 3, None)]),
        ("id;prompt\n1;a\n", [(1, None, None)]),
        ("id\tprompt\n1\ta\n", [(1, None, None)]),
        ("id,prompt\n1,a\n2,b\x00c\n3,\x00\n", [(3, 4, None), (4, 3, None)]),
    ],
)
def test_a_broken_csv_is_named_with_its_place(data: str, expected: list[tuple[int, int, str | None]]) -> None:
    assert places(read_task_file(data.encode(), "tasks.csv")) == expected


def test_csv_that_is_not_utf8_is_named_with_its_place() -> None:
    file = read_task_file("id,prompt\n1,a\n2,caf\xe9\n".encode("latin-1"), "tasks.csv")
    assert places(file) == [(3, 6, None)]


def test_the_form_is_told_from_the_name_or_else_from_the_first_character() -> None:
    assert read_task_file(b'{"a": "1"}', "tasks").records[0].values == {"a": "1"}
    assert read_task_file(b"a,b\n1,2", "tasks.txt").records[0].values == {"a": "1", "b": "2"}
    assert read_task_file(b"{a},b\n1,2", "tasks.CSV").records[0].values == {"{a}": "1", "b": "2"}


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.jsonl", "no rows"),
        (b"\n \n", "a.jsonl", "no rows"),
        (b"id,prompt\n", "a.csv", "no rows"),
        ("id,prompt".encode("utf-16"), "a.csv", "UTF-16"),
        (b"x" * 101, "a.csv", "101 bytes; at most 100"),
        (b"PK\x03\x04 broken", "a.zip", "zip cannot be opened"),
    ],
)
def test_a_file_that_cannot_be_taken_as_a_whole_says_why(data: bytes, name: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read_task_file(data, name, Limits(file_bytes=100))


@pytest.mark.parametrize(
    ("data", "name", "line", "words"),
    [
        (b'{"a": 1}\n' * 4, "a.jsonl", 4, "more than 3 rows"),
        (b"a\n1\n2\n3\n4\n", "a.csv", 5, "more than 3 rows"),
        (b'{"a": 1, "b": 2, "c": 3}', "a.jsonl", 1, "3 fields; at most 2"),
        (b"a,b,c\n1,2,3\n", "a.csv", 1, "3 columns; at most 2"),
        (b'{"a": "12345678901"}', "a.jsonl", 1, "11 characters; at most 10"),
        (b"a\n12345678901\n", "a.csv", 2, "11 characters; at most 10"),
    ],
)
def test_each_limit_names_what_is_too_much(data: bytes, name: str, line: int, words: str) -> None:
    file = read_task_file(data, name, Limits(rows=3, fields=2, characters=10))
    assert [(problem.line, words in problem.message) for problem in file.problems] == [(line, True)]


def test_a_problem_reads_as_a_line_for_people() -> None:
    assert str(Problem("is missing", line=7, field="prompt")) == "line 7, field prompt: is missing"
    assert str(Problem("is odd", line=7, column=3)) == "line 7, column 3: is odd"
    assert str(Problem("is empty")) == "is empty"

"""Files in: what is read back equals what was written, and what is wrong is named by line and column."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalapp.reports import csvfile
from evalapp.reports.csvfile import CsvFile, FileProblem
from evalapp.reports.judgments import Judgments, judgments_of, read_ratings
from evalapp.reports.rowfiles import csv_bytes, protocol_json, read_prices, read_protocol, rows_csv
from evalapp.reports.rows import JudgmentRow, PriceRow
from tests.reports.studies import judgment, price_rows, protocol, study_rows


def written(tmp_path: Path, content: bytes, name: str = "ratings.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def same(one: Judgments, other: Judgments) -> bool:
    numbers = ("strength", "score_a", "score_b", "active_seconds", "opened_at", "submitted_at")
    texts = ("comparison", "sample", "rater", "criterion", "system_a", "system_b", "status")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True) for name in numbers)
        and all(getattr(one, name).texts() == getattr(other, name).texts() for name in texts)
        and one.choice.tolist() == other.choice.tolist()
        and one.a_left.tolist() == other.a_left.tolist()
    )


def test_judgments_written_and_read_are_the_same(tmp_path: Path) -> None:
    rows = study_rows(30, scored=True)
    assert same(read_ratings(written(tmp_path, rows_csv(rows, JudgmentRow))), judgments_of(rows))


def test_pieces_of_a_large_file_fit_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = study_rows(30)
    path = written(tmp_path, rows_csv(rows, JudgmentRow))
    monkeypatch.setattr(csvfile, "CHUNK_RECORDS", 7)
    assert same(read_ratings(path), judgments_of(rows))


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "message"),
    [
        (b",left,", b",middle,", 2, "choice_shown", "'middle' is not one of left, right, tie, both_bad"),
        (b",counted,", b",counting,", 2, "status", "'counting' is not one of"),
        (b",left,a,", b",left,b,", 2, "choice", "contradicts shown_left and choice_shown"),
        (b",12.5,", b",quick,", 2, "active_seconds", "'quick' is not a number"),
        (b",12.5,", b",1_2,", 2, "active_seconds", "'1_2' is not a number"),
        (b",12.5,", b",nan,", 2, "active_seconds", "'nan' is not a number"),
        (b",small,", b",,", 2, "system_a", "is empty"),
        (b"2026-03-02T09:00", b"yesterday", 2, "opened_at", "is not an ISO 8601 time"),
        (b",12.5,1", b",12.5,1,extra", 2, None, "has 24 fields, the header has 23"),
        (b",12.5,1", b",12.5", 2, None, "has 22 fields, the header has 23"),
    ],
)
def test_a_wrong_field_is_named_by_line_and_column(
    *, old: bytes, new: bytes, line: int, column: str | None, message: str, tmp_path: Path
) -> None:
    content = rows_csv([judgment(0, 0, "a"), judgment(1, 0, "a")], JudgmentRow)
    assert old in content
    with pytest.raises(FileProblem) as problem:
        read_ratings(written(tmp_path, content.replace(old, new, 1)))
    assert (problem.value.line, problem.value.column) == (line, column)
    assert message in str(problem.value)


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    # The first record's comment holds a line break, so the second record begins on line 4.
    content = rows_csv([judgment(0, 0, "a"), judgment(1, 0, "a")], JudgmentRow)
    last = content.rindex(b",left,")
    with pytest.raises(FileProblem, match=r"ratings\.csv, line 4, column choice_shown"):
        read_ratings(written(tmp_path, content[:last] + b",up," + content[last + 6 :]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a,a\n1,2\n", "'a' stands twice"),
        (b'a,b\n1,"2\n', "line 2: is not well-formed CSV"),
        (b"a,b\n1,2\n3,\x004\n", "line 3: holds a NUL character"),
        (b"a,b\n1,2\n\xff,4\n", "line 3: is not UTF-8"),
    ],
)
def test_files_that_are_no_csv_are_refused(content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=message):
        list(CsvFile.open(written(tmp_path, content)).pieces(("a",)))


def test_missing_columns_are_all_named(tmp_path: Path) -> None:
    file = CsvFile.open(written(tmp_path, b"unit,value\n1,2\n"))
    with pytest.raises(FileProblem, match="has no column rater, weight; it has unit, value"):
        file.require(("unit", "rater", "weight"))


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=8))
def test_any_text_survives_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = written(tmp_path_factory.mktemp("texts"), csv_bytes(("one", "two"), rows))
    read = [
        pair
        for piece in CsvFile.open(path).pieces(("one", "two"))
        for pair in zip(piece.columns["one"], piece.columns["two"], strict=True)
    ]
    assert read == rows


def test_prices_and_protocol_survive_their_files(tmp_path: Path) -> None:
    prices = written(tmp_path, rows_csv(price_rows(), PriceRow), "prices.csv")
    assert read_prices(prices) == price_rows()
    declared = protocol(criteria=("facts", "style"), gold={"c1": "a"}, speed_floor_s=1.5)
    assert read_protocol(written(tmp_path, protocol_json(declared), "protocol.json")) == declared


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"0.15,", b"cheap,", "line 2, column input_usd_per_mtok: 'cheap' is not a decimal number"),
        (b"0.15,", b"-1,", "line 2, column input_usd_per_mtok: '-1' is not a price"),
        (b"0.15,", b",", "line 2: a price is missing"),
        (b"2026-01-01T", b"soon", "column valid_from"),
    ],
)
def test_wrong_prices_are_named(old: bytes, new: bytes, message: str, tmp_path: Path) -> None:
    content = rows_csv(price_rows(), PriceRow).replace(old, new, 1)
    with pytest.raises(FileProblem, match=message):
        read_prices(written(tmp_path, content, "prices.csv"))


def test_a_wrong_protocol_is_named_by_field(tmp_path: Path) -> None:
    content = protocol_json(protocol()).replace(b'"margin": 0.1', b'"margin": "small"')
    with pytest.raises(FileProblem, match=r"protocol\.json, column margin: expected"):
        read_protocol(written(tmp_path, content, "protocol.json"))


def test_rows_that_contradict_themselves_are_refused() -> None:
    row = judgment(0, 0, "a")
    wrong = JudgmentRow(**{**{name: getattr(row, name) for name in JudgmentRow.__slots__}, "choice": "b"})
    with pytest.raises(ValueError, match="contradicts left with a on the left"):
        judgments_of([wrong])

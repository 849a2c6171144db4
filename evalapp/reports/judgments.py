"""Judgments as columns of numbers: what every statistic about people's choices starts from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from evalapp.reports.arrays import Bools, Coded, Coder, Floats, Ints, distinct_texts, with_shared_labels
from evalapp.reports.csvfile import CsvFile, Piece
from evalapp.reports.rows import CHOICES, RATINGS_COLUMNS, SHOWN_CHOICES, STATUSES, JudgmentRow

A, B, TIE, BOTH_BAD = range(4)
"""Positions of the choices in a vote vector, in the order of CHOICES."""

TEXT_COLUMNS = ("comparison", "sample", "task_kind", "criterion", "rater", "system_a", "system_b")
NUMBER_COLUMNS = ("strength", "score_a", "score_b", "active_seconds")
TIME_COLUMNS = ("opened_at", "submitted_at")
READ_COLUMNS = (
    *TEXT_COLUMNS,
    "shown_left",
    "choice_shown",
    "choice",
    "status",
    "exclusion_reason",
    *NUMBER_COLUMNS,
    *TIME_COLUMNS,
)


@dataclass(frozen=True, slots=True)
class Judgments:
    """One entry per judgment and criterion.

    `choice` holds positions in CHOICES; `a_left` says whether system a stood left; missing numbers are NaN;
    times are seconds since 1970. `system_a` and `system_b` share their labels.
    """

    comparison: Coded
    sample: Coded
    task_kind: Coded
    criterion: Coded
    rater: Coded
    system_a: Coded
    system_b: Coded
    a_left: Bools
    choice: Ints
    status: Coded
    exclusion_reason: Coded
    strength: Floats
    score_a: Floats
    score_b: Floats
    active_seconds: Floats
    opened_at: Floats
    submitted_at: Floats

    def __len__(self) -> int:
        return len(self.choice)

    def where(self, mask: Bools) -> Judgments:
        """The chosen entries."""
        chosen: dict[str, Any] = {}
        for column in fields(self):
            values = getattr(self, column.name)
            chosen[column.name] = values.where(mask) if isinstance(values, Coded) else values[mask]
        return Judgments(**chosen)

    def with_status(self, *statuses: str) -> Judgments:
        """The entries of these statuses."""
        return self.where(np.isin(self.status.codes, [self.status.code(name) for name in statuses]))

    def both_bad_as_ties(self) -> Judgments:
        """The same judgments with every "both bad" counted as a tie."""
        return replace(self, choice=np.where(self.choice == BOTH_BAD, TIE, self.choice))

    def systems(self) -> tuple[str, ...]:
        """The systems that appear, sorted."""
        return tuple(sorted({*self.system_a.used(), *self.system_b.used()}))

    def involves(self, system: str) -> Bools:
        """Which entries compare the system with another."""
        return self.system_a.is_(system) | self.system_b.is_(system)

    def score_of(self, system: str) -> Floats:
        """1 where the system was preferred, 0 where the other was, one half else. Only where it is
        involved."""
        mine = np.where(self.system_a.is_(system), A, B)
        return np.where(self.choice >= TIE, 0.5, (self.choice == mine).astype(np.float64))

    def left_of(self, system: str) -> Bools:
        """Where the system stood left. Only where it is involved."""
        return np.equal(self.system_a.is_(system), self.a_left)


class JudgmentColumns:
    """Collects rows or pieces of a file into `Judgments`."""

    def __init__(self) -> None:
        self._texts = {name: Coder() for name in (*TEXT_COLUMNS, "status", "exclusion_reason")}
        self._numbers: dict[str, list[Floats]] = {name: [] for name in (*NUMBER_COLUMNS, *TIME_COLUMNS)}
        self._a_left: list[Bools] = []
        self._choice: list[Ints] = []

    def add(
        self, texts: Mapping[str, Sequence[str]], a_left: Bools, choice: Ints, numbers: Mapping[str, Floats]
    ) -> None:
        """Append entries. Columns that are not given are empty text or missing numbers."""
        count = len(choice)
        for name, coder in self._texts.items():
            coder.add(texts[name] if name in texts else ("",) * count)
        for name, pieces in self._numbers.items():
            pieces.append(numbers[name] if name in numbers else np.full(count, np.nan))
        self._a_left.append(a_left)
        self._choice.append(choice)

    def judgments(self) -> Judgments:
        """Everything added so far."""
        texts: dict[str, Any] = {name: coder.coded() for name, coder in self._texts.items()}
        texts["system_a"], texts["system_b"] = with_shared_labels(texts["system_a"], texts["system_b"])
        numbers: dict[str, Any] = {
            name: np.concatenate(pieces) if pieces else np.empty(0) for name, pieces in self._numbers.items()
        }
        return Judgments(
            **texts,
            **numbers,
            a_left=np.concatenate([np.empty(0, dtype=np.bool_), *self._a_left]),
            choice=np.concatenate([np.empty(0, dtype=np.int64), *self._choice]),
        )


def seconds_of(moment: datetime | None) -> float:
    """Seconds since 1970, NaN for none."""
    return np.nan if moment is None else moment.timestamp()


def judgments_of(rows: Iterable[JudgmentRow]) -> Judgments:
    """Judgments from rows. Raises ValueError when a row's choice contradicts what was shown."""
    columns = JudgmentColumns()
    rows = list(rows)
    a_left = np.array([row.shown_left == "a" for row in rows], dtype=np.bool_)
    shown = np.array([SHOWN_CHOICES.index(row.choice_shown) for row in rows], dtype=np.int64)
    choice = np.array([CHOICES.index(row.choice) for row in rows], dtype=np.int64)
    wrong = np.flatnonzero(choice != _choice_from(shown, a_left))
    if len(wrong):
        row = rows[wrong[0]]
        raise ValueError(
            f"comparison {row.comparison}, rater {row.rater}: choice {row.choice} contradicts "
            f"{row.choice_shown} with {row.shown_left} on the left"
        )
    texts = {
        name: [getattr(row, name) for row in rows] for name in (*TEXT_COLUMNS, "status", "exclusion_reason")
    }
    numbers = {
        name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in NUMBER_COLUMNS
    }
    for name in TIME_COLUMNS:
        numbers[name] = np.array([seconds_of(getattr(row, name)) for row in rows], dtype=np.float64)
    columns.add(texts, a_left, choice, numbers)
    return columns.judgments()


def read_ratings(path: Path) -> Judgments:
    """Judgments from ratings.csv. Raises FileProblem with line and column for the first thing that is
    wrong."""
    file = CsvFile.open(path)
    file.require(RATINGS_COLUMNS)
    columns = JudgmentColumns()
    for piece in file.pieces(READ_COLUMNS):
        for name in (*TEXT_COLUMNS, "choice"):
            refuse_empty(file, piece, name)
        a_left = positions(file, piece, "shown_left", ("a", "b")) == 0
        shown = positions(file, piece, "choice_shown", SHOWN_CHOICES)
        choice = positions(file, piece, "choice", CHOICES)
        positions(file, piece, "status", STATUSES)
        wrong = np.flatnonzero(choice != _choice_from(shown, a_left))
        if len(wrong):
            file.refuse(piece.first + int(wrong[0]), "contradicts shown_left and choice_shown", "choice")
        found = {name: numbers_of(file, piece, name) for name in NUMBER_COLUMNS}
        found |= {name: times_of(file, piece, name) for name in TIME_COLUMNS}
        columns.add(piece.columns, a_left, choice, found)
    return columns.judgments()


def _choice_from(shown: Ints, a_left: Bools) -> Ints:
    return np.where(shown >= TIE, shown, np.where(a_left, shown, 1 - shown))


def refuse_empty(file: CsvFile, piece: Piece, name: str) -> None:
    """Raises FileProblem when a field of the column is empty."""
    values = piece.columns[name]
    if "" in values:
        file.refuse(piece.first + list(values).index(""), "is empty", name)


def positions(file: CsvFile, piece: Piece, name: str, allowed: Sequence[str]) -> Ints:
    """Each field's place among the allowed texts."""
    place = {text: number for number, text in enumerate(allowed)}
    here, distinct = distinct_texts(piece.columns[name])
    found = np.array([place.get(text, -1) for text in distinct], dtype=np.int64)[here]
    wrong = np.flatnonzero(found < 0)
    if len(wrong):
        at = int(wrong[0])
        text = piece.columns[name][at]
        file.refuse(piece.first + at, f"{text!r} is not one of {', '.join(allowed)}", name)
    return found


def numbers_of(file: CsvFile, piece: Piece, name: str, *, required: bool = False) -> Floats:
    """The fields as finite numbers; an empty field is NaN unless the column is required."""
    here, distinct = distinct_texts(piece.columns[name])
    found = np.array([_number(text) for text in distinct])[here]
    wrong = np.flatnonzero(np.isinf(found) | (np.isnan(found) & required))
    if len(wrong):
        at = int(wrong[0])
        text = piece.columns[name][at]
        file.refuse(piece.first + at, f"{text!r} is not a number" if text else "is empty", name)
    return found


def _number(text: str) -> float:
    """NaN for an empty text, infinity for one that is no finite number."""
    if not text:
        return np.nan
    try:
        number = float(text)
    except ValueError:
        return np.inf
    # Python would read 1_000 as a number; no other tool does.
    return number if np.isfinite(number) and "_" not in text else np.inf


def times_of(file: CsvFile, piece: Piece, name: str) -> Floats:
    """The fields as seconds since 1970; an empty field is NaN. A time without zone is refused."""
    here, distinct = distinct_texts(piece.columns[name])
    found = np.array([_seconds(text) for text in distinct])[here]
    wrong = np.flatnonzero(np.isinf(found))
    if len(wrong):
        at = int(wrong[0])
        text = piece.columns[name][at]
        file.refuse(piece.first + at, f"{text!r} is not an ISO 8601 time with its zone", name)
    return found


def _seconds(text: str) -> float:
    """NaN for an empty text, infinity for one that is no time with a zone."""
    if not text:
        return np.nan
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return np.inf
    return np.inf if moment.tzinfo is None else moment.timestamp()

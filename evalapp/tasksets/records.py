"""What the readers of task files hand on: records with their lines, and the problems met."""

from collections.abc import Mapping
from dataclasses import dataclass

from evalapp.problems import Problem


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line on which it begins (from 1) and its fields as given."""

    line: int
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RecordsRead:
    """What could be read, in the file's order, and what could not."""

    records: tuple[Record, ...]
    problems: tuple[Problem, ...] = ()

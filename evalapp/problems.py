"""What is wrong with a file that somebody gave us: said all at once, with the place and the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``line`` and ``column`` count from 1; in a ragged CSV row ``column`` counts cells."""

    message: str
    line: int | None = None
    field: str | None = None
    column: int | None = None

    def __str__(self) -> str:
        places = [
            f"line {self.line}" if self.line is not None else "",
            f"column {self.column}" if self.column is not None else "",
            f"field {self.field}" if self.field else "",
        ]
        place = ", ".join(part for part in places if part)
        return f"{place}: {self.message}" if place else self.message


class FileRefused(ValueError):
    """Raised when a file has problems; nothing of it was taken. Trying again helps only with another file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=_place))
        super().__init__("; ".join(str(problem) for problem in self.problems[:3]))


def _place(problem: Problem) -> tuple[int, int]:
    return (problem.line or 0, problem.column or 0)

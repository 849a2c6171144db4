"""Names for the array types that the statistics pass around, and columns of text held as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of text: `labels[codes[i]]` is the text of row i. Labels are sorted and distinct.

    Sorted labels make every figure independent of the order in which rows were read.
    """

    codes: Ints
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    def where(self, mask: Bools) -> Coded:
        """The chosen rows, with the same labels."""
        return Coded(self.codes[mask], self.labels)

    def code(self, label: str) -> int:
        """The number of a label, or -1 when no row could have it."""
        try:
            return self.labels.index(label)
        except ValueError:
            return -1

    def is_(self, label: str) -> Bools:
        """Which rows carry the label."""
        return np.equal(self.codes, self.code(label))

    def used(self) -> tuple[str, ...]:
        """The labels that at least one row carries, sorted."""
        seen = np.bincount(self.codes, minlength=len(self.labels))
        return tuple(self.labels[code] for code in np.flatnonzero(seen))

    def texts(self) -> list[str]:
        """The column as text again."""
        return [self.labels[code] for code in self.codes]


class Coder:
    """Collects a column piece by piece and numbers its distinct texts."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._pieces: list[Ints] = []

    def add(self, texts: Sequence[str]) -> None:
        """Append rows."""
        here, distinct = distinct_texts(texts)
        numbers = self._numbers
        places = np.array([numbers.setdefault(text, len(numbers)) for text in distinct], dtype=np.int64)
        self._pieces.append(places[here])

    def coded(self) -> Coded:
        """Everything added so far, with sorted labels."""
        seen = list(self._numbers)
        order = sorted(range(len(seen)), key=seen.__getitem__)
        place = np.empty(len(seen), dtype=np.int64)
        place[order] = np.arange(len(seen))
        codes = np.concatenate(self._pieces) if self._pieces else np.empty(0, dtype=np.int64)
        return Coded(place[codes] if seen else codes, tuple(seen[number] for number in order))


def distinct_texts(texts: Sequence[str]) -> tuple[Ints, list[str]]:
    """Each text's place among the distinct texts, and these in the order in which they first occur."""
    import pandas as pd

    column = np.empty(len(texts), dtype=object)
    column[:] = texts
    places, distinct = pd.factorize(column)
    return places.astype(np.int64), list(distinct)


def coded(texts: Sequence[str]) -> Coded:
    """A whole column at once."""
    coder = Coder()
    coder.add(texts)
    return coder.coded()


def with_shared_labels(first: Coded, second: Coded) -> tuple[Coded, Coded]:
    """The same two columns numbered by one common list of labels."""
    labels = tuple(sorted({*first.labels, *second.labels}))
    number = {label: place for place, label in enumerate(labels)}

    def renumbered(column: Coded) -> Coded:
        places = np.array([number[label] for label in column.labels], dtype=np.int64)
        return Coded(places[column.codes] if len(places) else column.codes, labels)

    return renumbered(first), renumbered(second)


def mean_by_group(values: Floats, groups: Ints) -> tuple[Ints, Floats]:
    """Distinct groups in ascending order, and the mean of the values in each."""
    found, place = np.unique(groups, return_inverse=True)
    counts = np.bincount(place, minlength=len(found))
    sums = np.bincount(place, weights=values, minlength=len(found))
    return found, sums / np.maximum(counts, 1)

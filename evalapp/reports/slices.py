"""The parts of a study that get figures of their own: criteria, task kinds, pairs of systems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalapp.reports.judgments import Judgments


@dataclass(frozen=True, slots=True)
class Slice:
    """The judgments of one criterion, on one task kind or (None) on all of them."""

    criterion: str
    task_kind: str | None
    judgments: Judgments

    @property
    def name(self) -> str:
        """A name for seeds and files."""
        return f"{self.criterion}/{self.task_kind or 'all'}"


def in_order(found: Sequence[str], declared: Sequence[str]) -> tuple[str, ...]:
    """The found names: first those declared, in that order, then the others, sorted."""
    return (*(name for name in declared if name in found), *sorted({*found} - {*declared}))


def slices(judgments: Judgments, criteria: Sequence[str]) -> Iterator[Slice]:
    """Every criterion over all task kinds, and, when there are several kinds, each kind apart."""
    for criterion in in_order(judgments.criterion.used(), criteria):
        here = judgments.where(judgments.criterion.is_(criterion))
        yield Slice(criterion, None, here)
        kinds = here.task_kind.used()
        if len(kinds) > 1:
            for kind in kinds:
                yield Slice(criterion, kind, here.where(here.task_kind.is_(kind)))


def between(judgments: Judgments, first: str, second: str) -> Judgments:
    """The judgments that compare exactly these two systems."""
    return judgments.where(judgments.involves(first) & judgments.involves(second))


def pairs(judgments: Judgments, systems: Sequence[str]) -> Iterator[tuple[str, str, Judgments]]:
    """Every two systems that were compared, in the given order, with their judgments."""
    ordered = in_order(judgments.systems(), systems)
    for place, first in enumerate(ordered):
        for second in ordered[place + 1 :]:
            here = between(judgments, first, second)
            if len(here):
                yield first, second, here

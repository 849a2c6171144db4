"""Two or more runs of one task set side by side, sample by sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from evalapp.models import Generation, Run, Sample
from evalapp.models.generation import GenerationState

#: More outputs than this beside each other cannot be read.
MOST_RUNS = 6

Filter = Literal["", "differs", "failed", "fallback"]
FILTERS: tuple[tuple[Filter, str], ...] = (
    ("", "All samples"),
    ("differs", "Outputs differ"),
    ("failed", "One is missing, refused or failed"),
    ("fallback", "A second model served one"),
)


@dataclass(frozen=True, slots=True)
class SampleCompared:
    """One sample with the runs' generations in the runs' order, None where a run has not asked it, and its
    neighbours among the samples that are looked through: ``number`` of ``total``, from 1."""

    sample: Sample
    generations: tuple[Generation | None, ...]
    number: int
    total: int
    before: int | None
    after: int | None


def runs_beside(run: Run) -> QuerySet[Run]:
    """The other runs of the same task set, newest first."""
    runs = Run.objects.filter(task_set=run.task_set_id).exclude(pk=run.pk)
    return runs.select_related("system").order_by("-created_at", "-id")


def samples_of(runs: Sequence[Run], which: Filter) -> QuerySet[Sample]:
    """The samples that at least one of the runs asked, in the file's order, narrowed down."""
    asked = Generation.objects.filter(sample=OuterRef("pk"), run__in=runs, replicate=0)
    samples = Sample.objects.filter(Exists(asked), task_set=runs[0].task_set_id).order_by("position")
    mine = Q(generations__run__in=runs, generations__replicate=0)
    if which == "differs":
        return samples.annotate(outputs=Count("generations__output", filter=mine, distinct=True)).filter(
            outputs__gt=1
        )
    if which == "failed":
        done = mine & Q(generations__state=GenerationState.DONE)
        return samples.annotate(done=Count("generations", filter=done)).filter(done__lt=len(runs))
    if which == "fallback":
        return samples.filter(Exists(asked.exclude(fallback_reason="")))
    return samples


def sample_compared(runs: Sequence[Run], which: Filter, position: int | None) -> SampleCompared | None:
    """The sample at a position in the file, or the next one that is looked through; None when none is."""
    positions = list(samples_of(runs, which).values_list("position", flat=True))
    if not positions:
        return None
    wanted = positions[0] if position is None else position
    place = next((place for place, each in enumerate(positions) if each >= wanted), len(positions) - 1)
    sample = Sample.objects.select_related("task_set").get(
        task_set=runs[0].task_set_id, position=positions[place]
    )
    rows = Generation.objects.filter(sample=sample, run__in=runs, replicate=0)
    by_run = {row.run_id: row for row in rows}
    return SampleCompared(
        sample=sample,
        generations=tuple(by_run.get(run.pk) for run in runs),
        number=place + 1,
        total=len(positions),
        before=positions[place - 1] if place else None,
        after=positions[place + 1] if place + 1 < len(positions) else None,
    )

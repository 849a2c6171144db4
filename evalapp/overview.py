"""How far this site is on the way from a task file to a study."""

from dataclasses import dataclass

from django.db.models import Count, Q

from evalapp.models import Run, System, TaskSet
from evalapp.models.generation import RunState


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts of what there is. ``judgeable``: task sets that two systems or more have finished."""

    task_sets: int
    systems: int
    runs: int
    running: int
    judgeable: int

    @property
    def next_step(self) -> str:
        """What is missing first: "import", "systems", "runs", "wait" or "study"."""
        if not self.task_sets:
            return "import"
        if self.judgeable:
            return "study"
        if not self.systems:
            return "systems"
        return "wait" if self.running else "runs"


def overview_of_site() -> Overview:
    """The counts; four queries, whatever the size."""
    runs = Run.objects.aggregate(number=Count("pk"), running=Count("pk", filter=Q(state=RunState.RUNNING)))
    finished = Count("runs__system", filter=Q(runs__state=RunState.DONE), distinct=True)
    return Overview(
        task_sets=TaskSet.objects.count(),
        systems=System.objects.count(),
        runs=runs["number"],
        running=runs["running"],
        judgeable=TaskSet.objects.annotate(systems=finished).filter(systems__gte=2).count(),
    )

"""Where a study's pages are, and a form that opens one."""

from django.urls import reverse

from evalapp.models import TaskSet
from raters.models import Study
from tests.studies.casting import (
    make_run,
    make_task_set,
)


def path(study: Study, name: str = "detail", *more: int) -> str:
    return reverse(f"studies:{name}", args=[study.pk, *more])


def task_set_with_runs() -> tuple[TaskSet, dict[str, object]]:
    """A task set that two systems answered, and the form that opens a study of them."""
    task_set = make_task_set(samples=5)
    small, large = make_run(task_set, "small"), make_run(task_set, "large")
    return task_set, {
        "task_set": task_set.pk,
        "name": "First study",
        "candidate": small.pk,
        "others": [large.pk],
        "raters_per_sample": 3,
        "margin": 0.1,
        "criteria": "overall: Which answer is better?\ntone",
        "seed": 4,
    }

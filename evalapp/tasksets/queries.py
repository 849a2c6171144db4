"""Reads of task sets: which there are, their samples, and what the systems made of one sample."""

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce, Left

from evalapp.models import Generation, Run, Sample, TaskSet

#: How much of a sample a list shows, in characters; one more is read, which says that there is more.
BEGINNING = 200


def task_sets() -> QuerySet[TaskSet]:
    """Every task set, newest first, with ``run_count``."""
    runs = Run.objects.filter(task_set=OuterRef("pk")).order_by().values("task_set")
    number = Subquery(runs.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    return TaskSet.objects.select_related("created_by").annotate(run_count=Coalesce(number, 0))


def samples_of(task_set: TaskSet) -> QuerySet[Sample]:
    """A task set's samples in the file's order, each with the ``beginning`` of what is asked and the
    ``picture`` it shows (a checksum); whole payloads stay in the database."""
    asked = Coalesce(
        KeyTextTransform("prompt", "payload"),
        KeyTextTransform("document", "payload"),
        KeyTextTransform("text", "payload"),
        KeyTextTransform("0", KeyTransform("turns", "payload")),
    )
    picture = KeyTextTransform("sha256", KeyTransform("image", "payload"))
    return (
        Sample.objects.filter(task_set=task_set)
        .defer("payload")
        .annotate(beginning=Left(asked, BEGINNING + 1), picture=picture)
        .order_by("position")
    )


def sample_with_task_set(task_set_id: int, sample_id: int) -> Sample | None:
    """One sample of a task set."""
    return Sample.objects.select_related("task_set").filter(task_set_id=task_set_id, pk=sample_id).first()


def neighbours_of(sample: Sample) -> tuple[Sample | None, Sample | None]:
    """The samples before and after it in the file; None at either end. One query."""
    beside = Q(position=sample.position - 1) | Q(position=sample.position + 1)
    rows = Sample.objects.filter(beside, task_set_id=sample.task_set_id).defer("payload")
    by_position = {row.position: row for row in rows}
    return by_position.get(sample.position - 1), by_position.get(sample.position + 1)


def outputs_for(sample: Sample) -> QuerySet[Generation]:
    """What each run made of the sample, by system; of a measured run's repetitions the first."""
    return (
        Generation.objects.filter(sample=sample, replicate=0)
        .select_related("run__system")
        .order_by("run__system__name", "run_id")
    )

"""What the report pages read; the number of queries does not depend on the size of a study."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from raters.models import Comparison, Judgment, Seat, Study
from raters.models.seats import SeatState


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a study's judging is, without a word on its results."""

    judged: int
    seats: int
    raters: int


def studies_with_progress() -> QuerySet[Study]:
    """Every study, newest first, with its task set, ``seat_count`` and ``judged_count``."""
    seats = Seat.objects.filter(study=OuterRef("pk")).order_by().values("study").annotate(number=Count("pk"))
    return Study.objects.select_related("task_set").annotate(
        seat_count=_number(seats),
        judged_count=_number(seats.filter(state=SeatState.JUDGED)),
    )


def study_with_task_set(study_id: int) -> Study:
    """One study. Raises Study.DoesNotExist."""
    return Study.objects.select_related("task_set").get(pk=study_id)


def study_named(text: str) -> Study:
    """The study of this name, or of this number. Raises Study.DoesNotExist with what to do."""
    study = Study.objects.filter(name=text).first()
    if study is None and text.isdecimal():
        study = Study.objects.filter(pk=int(text)).first()
    if study is None:
        names = ", ".join(
            f"“{name}”" for name in Study.objects.order_by("name").values_list("name", flat=True)[:10]
        )
        raise Study.DoesNotExist(f"There is no study “{text}”. There are: {names or 'none yet'}.")
    return study


def progress_of(study: Study) -> Progress:
    """Counts of seats and of people who have judged."""
    seats = Seat.objects.filter(study=study)
    return Progress(
        judged=seats.filter(state=SeatState.JUDGED).count(),
        seats=seats.count(),
        raters=seats.filter(state=SeatState.JUDGED).values("rater").distinct().count(),
    )


def judgment_count(study: Study) -> int:
    """How many judgments a study has, of every status."""
    return Judgment.objects.filter(study=study).count()


def row_count(study: Study) -> int:
    """A measure of the work a report takes: judgments, or outputs where these are more."""
    return max(judgment_count(study), 2 * Comparison.objects.filter(study=study).count())


def _number(rows: QuerySet[Seat, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("number"), output_field=IntegerField()), 0)

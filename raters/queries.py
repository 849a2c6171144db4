"""Reading what the pages show."""

import math
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet

from evalapp.models import TaskSet
from raters.models import Rater, Seat, Skip, Study
from raters.models.people import RaterState
from raters.models.seats import SeatState, SkipReason
from raters.models.studies import StudyState
from raters.studies.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rater is; ``total`` is an equal share of the study's seats, at least what is done."""

    done: int
    total: int


def rater_by_token(token: str) -> Rater | None:
    """The rater of an address, with study, cursor and the number of raters in the study; one query."""
    present = Count("study__raters", filter=~Q(study__raters__state=RaterState.LEFT))
    found: QuerySet[Rater] = Rater.objects.select_related("study", "cursor").filter(token=token)
    return found.annotate(rater_count=present).first()


def progress_of(rater: Rater, *, just_judged: int = 0) -> Progress:
    """Progress of a rater from ``rater_by_token``, after ``just_judged`` more; no query."""
    protocol = Protocol.from_json(rater.study.protocol)
    sharing = max(getattr(rater, "rater_count", 0), protocol.raters_per_sample)
    share = math.ceil(protocol.comparisons * protocol.raters_per_sample / sharing)
    done = rater.cursor.judged + just_judged
    return Progress(done=done, total=max(share, done))


@dataclass(frozen=True, slots=True)
class Seats:
    """How a study's seats stand."""

    judged: int
    leased: int
    open: int

    @property
    def total(self) -> int:
        return self.judged + self.leased + self.open


@dataclass(frozen=True, slots=True)
class Shortage:
    """``comparisons`` that cannot be finished until ``raters`` more people join."""

    comparisons: int
    raters: int


# A rater has at most one seat of a comparison and does not get back what they skipped, so an open seat needs
# an active rater who has none of it and has not passed on it.
SHORTAGES = """
    SELECT count(*), lacking
    FROM (
        SELECT seats.open - (%(active)s - seats.had - coalesce(passed.count, 0)) AS lacking
        FROM (
            SELECT seat.comparison_id, count(*) FILTER (WHERE seat.state = 'open') AS open,
                   count(*) FILTER (WHERE rater.state = 'active') AS had
            FROM raters_seat seat LEFT JOIN raters_rater rater ON rater.id = seat.rater_id
            WHERE seat.study_id = %(study)s
            GROUP BY seat.comparison_id
        ) seats
        LEFT JOIN (
            SELECT skip.comparison_id, count(*)
            FROM raters_skip skip JOIN raters_rater rater ON rater.id = skip.rater_id
            WHERE skip.study_id = %(study)s AND rater.state = 'active'
              AND NOT EXISTS (SELECT 1 FROM raters_seat own
                              WHERE own.comparison_id = skip.comparison_id AND own.rater_id = rater.id)
            GROUP BY skip.comparison_id
        ) passed USING (comparison_id)
        WHERE seats.open > 0
    ) comparison
    WHERE lacking > 0
    GROUP BY lacking
    ORDER BY lacking
"""


def seats_of(study: Study) -> Seats:
    """Counts of a study's seats by state; one query."""
    counts = dict(
        Seat.objects.filter(study=study).order_by().values_list("state").annotate(number=Count("pk"))
    )
    return Seats(
        judged=counts.get(SeatState.JUDGED, 0),
        leased=counts.get(SeatState.LEASED, 0),
        open=counts.get(SeatState.OPEN, 0),
    )


def shortages_of(study: Study) -> list[Shortage]:
    """Which comparisons stall for want of people, fewest wanting first; none once the study is closed."""
    if study.state == StudyState.CLOSED:
        return []
    active = Rater.objects.filter(study=study, state=RaterState.ACTIVE).count()
    with connection.cursor() as cursor:
        cursor.execute(SHORTAGES, {"study": study.pk, "active": active})
        return [Shortage(*row) for row in cursor.fetchall()]


def raters_of(study: Study) -> QuerySet[Rater]:
    """A study's raters with cursor and the time of their last judgment."""
    return (
        Rater.objects.filter(study=study)
        .select_related("cursor__held_seat")
        .annotate(last_judged_at=Max("judgments__submitted_at"))
        .order_by("pk")
    )


def task_sets_with_runs() -> QuerySet[TaskSet]:
    """Task sets of which at least two systems have a run, newest first."""
    systems = Count("runs__system", distinct=True)
    return TaskSet.objects.annotate(system_count=systems).filter(system_count__gte=2)


def skips_of(study: Study) -> list[tuple[str, int]]:
    """How often raters passed on a comparison, by reason, in the order of the reasons."""
    counts = dict(Skip.objects.filter(study=study).order_by().values_list("reason").annotate(Count("pk")))
    return [(reason.label, counts[reason]) for reason in SkipReason if reason in counts]


def skip_notes_of(study: Study) -> QuerySet[Skip]:
    """What raters wrote when they passed on a comparison, and every problem they flagged, newest first."""
    told = Q(reason__in=[SkipReason.BROKEN, SkipReason.OFFENSIVE]) | ~Q(note="")
    return (
        Skip.objects.filter(told, study=study).select_related("comparison__sample", "rater").order_by("-pk")
    )

"""Opening a study: comparisons, their seats and every draw, written in one transaction or not at all."""

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from evalapp.models import Account, Generation, Run, Sample, TaskSet
from evalapp.models.generation import GenerationState
from raters import audit
from raters.models import Comparison, Study, StudyArm
from raters.models.people import opaque_token
from raters.studies import pairing
from raters.studies.errors import NameTaken, ProtocolRefused, RunsRefused, SettingProblem
from raters.studies.protocol import OVERALL, Criterion, Protocol, checked

#: A refusal is an answer and is judged like any other.
JUDGEABLE = (GenerationState.DONE, GenerationState.REFUSED)
COPY_COMPARISONS = """
    COPY raters_comparison (study_id, sample_id, generation_a_id, generation_b_id, position) FROM STDIN
"""
COPY_SEATS = """
    COPY raters_seat (study_id, comparison_id, number, shown_left, place, state, token) FROM STDIN
"""


def fresh_seed() -> int:
    """A seed for a study whose organiser named none."""
    return secrets.randbelow(2**31)


def open_study(
    *,
    name: str,
    task_set: TaskSet,
    runs: Sequence[Run],
    seed: int,
    raters_per_sample: int = 3,
    criteria: Sequence[Criterion] = (OVERALL,),
    margin: float = 0.1,
    both_bad_as_tie: bool = False,
    graded: bool = False,
    scale: Sequence[str] = (),
    simulated: bool = False,
    allow_missing: bool = False,
    created_by: Account | None = None,
    now: datetime | None = None,
) -> Study:
    """Open a study of runs in declared order (the first is system a of every comparison it is in).

    Every two runs are compared on every sample that both answered. With ``allow_missing`` samples that a run
    did not answer are left out and listed in the protocol; otherwise they refuse the study. Raises a
    ``StudyError`` before anything is written. ``seed`` draws sides and order; the same plan comes of the
    same seed.
    """
    protocol = checked(
        Protocol(
            systems=tuple(run.system.name for run in runs),
            criteria=tuple(criteria),
            raters_per_sample=raters_per_sample,
            margin=margin,
            seed=seed,
            both_bad_as_tie=both_bad_as_tie,
            graded=graded,
            scale=tuple(scale),
        )
    )
    name = name.strip()
    if not name:
        raise ProtocolRefused(SettingProblem("name", "give the study a name"))
    _check_runs(task_set, runs)
    keys = dict(Sample.objects.filter(task_set=task_set).order_by("position").values_list("pk", "key"))
    outputs = [_judgeable(run) for run in runs]
    if not allow_missing:
        _refuse_missing(runs, outputs, sample_count=len(keys))
    planned = pairing.pairs(list(keys), outputs)
    if not planned:
        raise RunsRefused(
            "There is no sample that two of these runs both answered, so there is nothing to compare."
        )
    seats = pairing.plan_seats(planned, raters_per_sample, random.Random(seed))  # noqa: S311 - reproducible by design
    left_out = tuple(key for pk, key in keys.items() if any(pk not in answered for answered in outputs))
    settled = replace(protocol, comparisons=len(planned), left_out=left_out)
    opened_at = now or timezone.now()
    with transaction.atomic():
        study = _named(
            name, task_set, settled, simulated=simulated, created_by=created_by, opened_at=opened_at
        )
        StudyArm.objects.bulk_create(
            StudyArm(study=study, run=run, position=position) for position, run in enumerate(runs)
        )
        _write(study, planned, seats)
        audit.record(
            study,
            "opened",
            actor=created_by.username if created_by else audit.CONSOLE,
            now=opened_at,
            detail={
                "runs": [run.pk for run in runs],
                "comparisons": len(planned),
                "left_out": len(left_out),
                "seed": seed,
            },
        )
    return study


def runs_of(task_set: TaskSet, system_names: Sequence[str]) -> list[Run]:
    """The run of each named system to compare: its newest finished one on the task set, else its newest.

    Raises ``RunsRefused`` naming every system that has none.
    """
    found: list[Run] = []
    problems: list[str] = []
    for system_name in system_names:
        runs = list(Run.objects.filter(task_set=task_set, system__name=system_name).select_related("system"))
        if runs:
            found.append(next((run for run in runs if run.state == "done"), runs[0]))
        else:
            problems.append(
                f"“{system_name}” has no run of the task set “{task_set.name}”. Start one with "
                f"generate --taskset “{task_set.name}” --system “{system_name}”, or check the name."
            )
    if problems:
        raise RunsRefused(*problems)
    return found


def _check_runs(task_set: TaskSet, runs: Sequence[Run]) -> None:
    problems = [
        f"The run “{run}” is of another task set than “{task_set.name}”. Choose runs of one task set."
        for run in runs
        if run.task_set_id != task_set.pk
    ]
    if len({run.system_id for run in runs}) < len(runs):
        problems.append("The same system stands twice. Choose runs of different systems.")
    if problems:
        raise RunsRefused(*problems)


def _judgeable(run: Run) -> dict[int, int]:
    """Sample → generation for every sample that the run answered."""
    answered = Generation.objects.filter(run=run, replicate=0, state__in=JUDGEABLE, output__isnull=False)
    return dict(answered.values_list("sample_id", "pk"))


def _refuse_missing(runs: Sequence[Run], outputs: Sequence[Mapping[int, int]], *, sample_count: int) -> None:
    problems: list[str] = []
    for run, answered in zip(runs, outputs, strict=True):
        missing = sample_count - len(answered)
        if not missing:
            continue
        failed = Generation.objects.filter(run=run, replicate=0, state=GenerationState.FAILED).count()
        what = f"The run of “{run.system.name}” has no output for {missing} of {sample_count} samples"
        if failed:
            what += f" ({failed} failed, {missing - failed} not finished)"
        remedy = (
            "generate them again" if failed == missing else "wait for the run to finish, or generate the rest"
        )
        problems.append(
            f"{what}. To go on: {remedy}, or allow missing samples, which leaves those samples out."
        )
    if problems:
        raise RunsRefused(*problems)


def _named(
    name: str,
    task_set: TaskSet,
    protocol: Protocol,
    *,
    simulated: bool,
    created_by: Account | None,
    opened_at: datetime,
) -> Study:
    try:
        with transaction.atomic():
            return Study.objects.create(
                name=name,
                task_set=task_set,
                protocol=protocol.as_json(),
                simulated=simulated,
                created_by=created_by,
                opened_at=opened_at,
            )
    except IntegrityError:
        raise NameTaken(f"There is already a study named “{name}”. Choose another name.") from None


def _write(study: Study, planned: Sequence[pairing.Pair], seats: Sequence[pairing.PlannedSeat]) -> None:
    with connection.cursor() as cursor, cursor.copy(COPY_COMPARISONS) as copy:
        for position, pair in enumerate(planned):
            copy.write_row((study.pk, pair.sample_id, pair.generation_a, pair.generation_b, position))
    ids = list(Comparison.objects.filter(study=study).order_by("position").values_list("pk", flat=True))
    with connection.cursor() as cursor, cursor.copy(COPY_SEATS) as copy:
        for seat in seats:
            row = (ids[seat.comparison], seat.number, seat.shown_left, seat.place, "open", opaque_token())
            copy.write_row((study.pk, *row))

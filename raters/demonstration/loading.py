"""Fills an empty database with the example, step by step; what stands from an earlier start is kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from evalapp import tasks
from evalapp.generation.planning import plan_run
from evalapp.generation.queries import progress_of
from evalapp.models import Run, System, TaskSet
from evalapp.models.generation import RunState
from evalapp.registry.catalogue import load_catalogue
from evalapp.tasksets.importing import import_task_set
from raters.demonstration.choosing import Chosen
from raters.models import Study
from raters.models.studies import StudyState
from raters.reporting.building import build
from raters.simulating import Preference, simulate_judgments
from raters.studies.closing import close_study
from raters.studies.opening import open_study

Say = Callable[[str], None]

#: Example files by name: the file beside this project's examples, and its kind.
TASK_SETS: Mapping[str, tuple[str, str]] = {
    "Example questions": ("qa.jsonl", "qa"),
    "Example summaries": ("summarize.jsonl", "summarize"),
    "Example programs": ("code.jsonl", "code"),
    "Example captions": ("caption.zip", "caption"),
    "Example intents": ("classify.csv", "classify"),
    "Example conversations": ("chat.jsonl", "chat"),
}
JUDGED_ON = "Example questions"
#: What the model on this machine is given: how many samples of which task sets.
LOCAL_LIMITS: Mapping[str, int] = {
    "Example questions": 16,
    "Example summaries": 4,
    "Example conversations": 3,
}
LOCAL_LIMITS_SAID = (
    "The model on this machine is given questions, summaries and the shorter conversations, one request at a "
    "time, which takes a few minutes. Captions are left out, since it sees no pictures; so are programs "
    "and intents, for which it is too small."
)
#: A demonstration on real models stops here rather than surprise anybody, in USD per run.
BUDGET_USD = Decimal("0.50")
ACTOR = "demonstration"
SEED = 20
#: How long ago the simulated raters began.
SIMULATED_TIME = timedelta(minutes=20)


class DemonstrationFailed(Exception):
    """The example could not be loaded; the message says what stopped it."""


def load(chosen: Chosen, *, examples: Path, say: Say) -> Study:
    """Load the example and return the study that waits for its raters."""
    _import_task_sets(examples, say)
    load_catalogue(chosen.text, base_dir=chosen.base_dir)
    pair, judged = (_systems(names) for names in (chosen.systems, chosen.judged))
    say(f"Systems: {', '.join(dict.fromkeys(chosen.systems + chosen.judged))}")
    if chosen.local:
        say(LOCAL_LIMITS_SAID)
        _generate_in_turn(pair, say)
    else:
        budget_usd = BUDGET_USD if chosen.costs_money else None
        _generate(_wanted(pair, judged), budget_usd=budget_usd, say=say)
    study = _open(f"Example study, {_pair(judged)}", judged, simulated=False, say=say)
    finished = _open(f"Example study by simulated raters, {_pair(judged)}", judged, simulated=True, say=say)
    _judge(finished, judged, say)
    return study


def _systems(names: Sequence[str]) -> list[System]:
    return [System.objects.get(name=name) for name in names]


def _wanted(pair: Sequence[System], judged: Sequence[System]) -> list[tuple[TaskSet, System]]:
    """Every example task set through the pair, and the questions through the judged pair as well."""
    task_sets = TaskSet.objects.filter(name__in=TASK_SETS).order_by("id")
    wanted = [(task_set, system) for task_set in task_sets for system in pair]
    questions = TaskSet.objects.get(name=JUDGED_ON)
    return wanted + [(questions, system) for system in judged if system not in pair]


def _import_task_sets(examples: Path, say: Say) -> None:
    for name, (file, kind) in TASK_SETS.items():
        if not TaskSet.objects.filter(name=name).exists():
            path = examples / file
            import_task_set(name=name, kind=kind, data=path.read_bytes(), source_name=file)
            say(f"Imported “{name}”")


def _generate_in_turn(systems: Sequence[System], say: Say) -> None:
    """One run after the other, streamed: two at once would wait for each other inside the model's server and
    have each other's time in their latencies."""
    for name, limit in LOCAL_LIMITS.items():
        task_set = TaskSet.objects.get(name=name)
        for system in systems:
            run = Run.objects.filter(task_set=task_set, system=system, measured=False).last()
            if run is None:
                run = plan_run(task_set=task_set, system=system, limit=limit, streamed=True)
            if run.state == RunState.RUNNING:
                say(f"“{name}” by {system.name}")
                tasks.ring(run.pk)
            _wait([run], say)


def _generate(wanted: Sequence[tuple[TaskSet, System]], *, budget_usd: Decimal | None, say: Say) -> None:
    with transaction.atomic():
        runs = [
            Run.objects.filter(task_set=task_set, system=system, measured=False).last()
            or plan_run(task_set=task_set, system=system, budget_usd=budget_usd)
            for task_set, system in wanted
        ]
    for run in runs:
        if run.state == RunState.RUNNING:
            tasks.ring(run.pk)
    _wait(runs, say)


def _wait(runs: list[Run], say: Say) -> None:
    said = ""
    while True:
        progress = [progress_of(run) for run in runs]
        ended, total = sum(each.ended for each in progress), sum(each.total for each in progress)
        line = f"Outputs {ended} of {total}"
        if line != said:
            say(line)
            said = line
        for run in runs:
            run.refresh_from_db(fields=["state", "reason"])
        stopped = [run for run in runs if run.state not in {RunState.RUNNING, RunState.DONE}]
        if stopped:
            raise DemonstrationFailed(f"{stopped[0]} is {stopped[0].state}: {stopped[0].reason}")
        if all(run.state == RunState.DONE for run in runs):
            return
        time.sleep(0.5)


def _open(name: str, systems: Sequence[System], *, simulated: bool, say: Say) -> Study:
    standing = Study.objects.filter(name=name).first()
    if standing is not None:
        return standing
    task_set = TaskSet.objects.get(name=JUDGED_ON)
    study = open_study(
        name=name,
        task_set=task_set,
        runs=[task_set.runs.filter(system=system, measured=False).latest("id") for system in systems],
        seed=SEED,
        simulated=simulated,
        allow_missing=True,
        # Simulated raters take simulated time, which must not reach into the future.
        now=timezone.now() - (SIMULATED_TIME if simulated else timedelta(0)),
    )
    say(f"Opened “{name}”")
    return study


def _judge(study: Study, systems: Sequence[System], say: Say) -> None:
    if study.state == StudyState.CLOSED:
        return
    preference = Preference(strengths={systems[0].name: -0.4}, left_bias=0.15)
    count = simulate_judgments(study, seed=SEED, preference=preference)
    close_study(study, actor=ACTOR, now=timezone.now())
    build(study.pk, clock=timezone.now, progress=lambda _share, _step: None)
    say(f"Simulated raters gave {count} judgments")


def _pair(systems: Sequence[System]) -> str:
    return f"{systems[0].name} and {systems[1].name}"

"""Task sets, runs, studies and raters as tests need them, made by the product's services where it has any."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from evalapp.models import Account, Generation, Run, Sample, System, TaskSet
from raters.models import Rater, Study
from raters.people.inviting import add_rater
from raters.rating.judging import SubmitResult, submit
from raters.rating.leasing import Held, Nothing, claim
from raters.studies.opening import open_study
from raters.studies.protocol import OVERALL, Criterion

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
OVERALL_LEFT = {"overall": "left"}

PAYLOADS: Mapping[str, Mapping[str, object]] = {
    "qa": {"prompt": "What is the capital of Peru?", "reference": "SECRETREFERENCE"},
    "summarize": {"instruction": "In one line.", "document": "A long story.", "reference": "SECRETREFERENCE"},
    "code": {"prompt": "def add(a, b):", "tests": "assert add(1, 2) == 3", "entry_point": "SECRETENTRY"},
    "caption": {"prompt": "Describe.", "image": {"sha256": "0" * 64, "media_type": "image/png"}},
    "classify": {"text": "Where is my card?", "label": "SECRETLABEL", "labels": ["card", "transfer"]},
    "chat": {"turns": ["Hello", "And now?"]},
}


def make_task_set(name: str = "tasks", *, kind: str = "qa", samples: int = 4) -> TaskSet:
    """A task set of one kind; sample keys are s0, s1 …"""
    task_set = TaskSet.objects.create(
        name=name,
        kind=kind,
        checksum=hashlib.sha256(name.encode()).hexdigest(),
        sample_count=samples,
        source_name="f",
    )
    Sample.objects.bulk_create(
        Sample(task_set=task_set, position=position, key=f"s{position}", payload=PAYLOADS[kind])
        for position in range(samples)
    )
    return task_set


def make_run(task_set: TaskSet, system: str, *, text: str = "", failed: Sequence[str] = ()) -> Run:
    """A finished run whose outputs are ``text`` (default: the system's letter case hidden, by sample key)."""
    run = Run.objects.create(
        task_set=task_set,
        system=System.objects.get_or_create(name=system)[0],
        state="done",
        imported=True,
        finished_at=timezone.now(),
    )
    Generation.objects.bulk_create(
        Generation(run=run, sample=sample, state="failed", error="timed_out")
        if sample.key in failed
        else Generation(
            run=run,
            sample=sample,
            state="done",
            output=_output(task_set.kind, text or f"{system} {sample.key}"),
        )
        for sample in task_set.samples.all()
    )
    return run


def _output(kind: str, text: str) -> object:
    return [text, f"{text} again"] if kind == "chat" else text


def make_study(
    name: str = "study",
    *,
    kind: str = "qa",
    samples: int = 4,
    systems: Sequence[str] = ("small", "large"),
    raters_per_sample: int = 3,
    criteria: Sequence[Criterion] = (OVERALL,),
    seed: int = 7,
    graded: bool = False,
    scale: Sequence[str] = (),
    simulated: bool = False,
    created_by: Account | None = None,
) -> Study:
    """An open study over a fresh task set of the same name."""
    task_set = make_task_set(f"{name} tasks", kind=kind, samples=samples)
    return open_study(
        name=name,
        task_set=task_set,
        runs=[make_run(task_set, system) for system in systems],
        raters_per_sample=raters_per_sample,
        criteria=criteria,
        seed=seed,
        graded=graded,
        scale=scale,
        simulated=simulated,
        created_by=created_by,
    )


def make_raters(study: Study, count: int = 3) -> list[Rater]:
    """Raters R1, R2 … who have joined."""
    return [add_rater(study, now=NOON) for _ in range(count)]


def claim_for(rater: Rater, *, minute: float = 0, seed: int | None = None) -> Held | Nothing:
    """Claim as the rater, ``minute`` minutes past noon."""
    return claim(rater_id=rater.pk, now=NOON + timedelta(minutes=minute), chance=random.Random(seed))


def must_claim(rater: Rater, *, minute: float = 0) -> Held:
    """Claim, knowing that there is something to claim."""
    held = claim_for(rater, minute=minute)
    assert isinstance(held, Held), held
    return held


def judge(
    rater: Rater, held: Held, *, minute: float = 1, answers: Mapping[str, str] = OVERALL_LEFT
) -> SubmitResult:
    """Submit under the lease."""
    return submit(rater_id=rater.pk, lease=held.lease, answers=answers, now=NOON + timedelta(minutes=minute))


def judge_everything(raters: Sequence[Rater], *, seed: int = 1) -> int:
    """The raters take turns at random until nothing is left; how many judgments that made."""
    chance = random.Random(seed)
    busy = list(raters)
    judged = 0
    while busy:
        rater = chance.choice(busy)
        held = claim_for(rater, seed=chance.randrange(10**9))
        if isinstance(held, Held):
            judge(rater, held)
            judged += 1
        else:
            busy.remove(rater)
    return judged

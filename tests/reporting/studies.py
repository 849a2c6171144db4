"""Small studies written straight into the tables, with judgments of every sort."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import transaction

from evalapp.models import (
    Account,
    ApiCall,
    Endpoint,
    Generation,
    LanguageModel,
    Price,
    Run,
    Sample,
    System,
    TaskSet,
)
from raters import audit
from raters.models import Answer, Comparison, Judgment, Rater, Seat, Study, StudyArm
from raters.studies.protocol import OVERALL, Criterion, Protocol

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
SYSTEMS = ("small", "large, with a comma")


@dataclass(frozen=True)
class Said:
    """What a rater adds to a choice. Without ``acted`` the page measured no time."""

    comment: str = ""
    strength: int | None = None
    score_left: int | None = None
    score_right: int | None = None
    acted: bool = True


NOTHING = Said()


@dataclass
class StudyCast:
    """A study with everything in it: comparisons by position, raters by pseudonym."""

    study: Study
    comparisons: list[Comparison]
    raters: list[Rater]
    minutes: int = field(default=0)

    def seat(self, comparison: int, number: int) -> Seat:
        """A seat of the comparison at this position."""
        return Seat.objects.get(comparison=self.comparisons[comparison], number=number)

    def judge(
        self,
        comparison: int,
        number: int,
        choice_shown: str,
        *,
        rater: int | None = None,
        status: str = "counted",
        criteria: Sequence[str] = ("overall",),
        said: Said = NOTHING,
    ) -> Judgment:
        """The rater (by default the one of the seat's number) submits from a seat."""
        seat = self.seat(comparison, number)
        person = self.raters[number if rater is None else rater]
        lease = uuid4()
        if status == "counted":
            seat.state, seat.rater, seat.lease_token, seat.lease_until = "judged", person, lease, None
            seat.save()
        opened = NOON + timedelta(minutes=self.minutes)
        self.minutes += 1
        judgment = Judgment.objects.create(
            study=self.study,
            seat=seat,
            rater=person,
            status=status,
            lease_token=lease,
            comment=said.comment,
            opened_at=opened,
            first_action_at=opened + timedelta(seconds=5) if said.acted else None,
            submitted_at=opened + timedelta(seconds=20),
            active_ms=12_340 if said.acted else None,
        )
        for criterion in criteria:
            Answer.objects.create(
                judgment=judgment,
                criterion=criterion,
                choice_shown=choice_shown,
                strength=said.strength,
                score_left=said.score_left,
                score_right=said.score_right,
            )
        return judgment

    def correct(self, earlier: Judgment, choice_shown: str) -> Judgment:
        """The same rater changes their mind: a new row with the next revision."""
        criteria = [answer.criterion for answer in earlier.answers.all()]
        judgment = Judgment.objects.create(
            study=self.study,
            seat=earlier.seat,
            rater=earlier.rater,
            status=earlier.status,
            revision=earlier.revision + 1,
            lease_token=earlier.lease_token,
            opened_at=earlier.opened_at,
            submitted_at=earlier.submitted_at + timedelta(seconds=30),
        )
        for criterion in criteria:
            Answer.objects.create(judgment=judgment, criterion=criterion, choice_shown=choice_shown)
        return judgment

    def judge_all(
        self, pattern: Sequence[str] = ("left", "left", "right", "tie", "left", "both_bad")
    ) -> None:
        """Every seat is judged, the choices taken in turn from the pattern."""
        turn = 0
        for position in range(len(self.comparisons)):
            for number in range(len(self.raters)):
                self.judge(position, number, pattern[turn % len(pattern)])
                turn += 1

    def close(self) -> None:
        """The study ends, its results are open."""
        self.study.state = "closed"
        self.study.closed_at = NOON + timedelta(days=1)
        self.study.save()
        log(self.study, "closed")


def log(study: Study, action: str) -> None:
    """The organiser's act enters the study's chain of events."""
    with transaction.atomic():
        audit.record(study, action, actor="olga", now=NOON)


def open_study(
    name: str = "Small against large",
    *,
    samples: int = 4,
    raters: int = 3,
    criteria: Sequence[str] = ("overall",),
    simulated: bool = False,
    first_side: str = "a",
) -> StudyCast:
    """A study of two systems over a new task set; sides alternate from the first seat's."""
    checksum = hashlib.sha256(name.encode()).hexdigest()
    task_set = TaskSet.objects.create(
        name=f"Questions of {name}", kind="qa", checksum=checksum, sample_count=samples, source_name="q.jsonl"
    )
    inputs = [
        Sample.objects.create(
            task_set=task_set, position=at, key=f"q{at + 1}", payload={"prompt": f"What is {at} × 2?"}
        )
        for at in range(samples)
    ]
    runs = [
        _run(task_set, system, inputs, cost=Decimal(price))
        for system, price in zip(SYSTEMS, "13", strict=True)
    ]
    protocol = Protocol(
        systems=SYSTEMS,
        criteria=tuple(OVERALL if key == "overall" else Criterion(key, f"{key}?") for key in criteria),
        raters_per_sample=raters,
        seed=7,
        comparisons=samples,
    )
    study = Study.objects.create(
        name=name, task_set=task_set, protocol=protocol.as_json(), simulated=simulated, opened_at=NOON
    )
    log(study, "opened")
    for position, run in enumerate(runs):
        StudyArm.objects.create(study=study, run=run, position=position)
    people = [
        Rater.objects.create(study=study, pseudonym=f"R{number + 1}", simulated=simulated)
        for number in range(raters)
    ]
    comparisons = []
    for sample in inputs:
        comparison = Comparison.objects.create(
            study=study,
            sample=sample,
            generation_a=Generation.objects.get(run=runs[0], sample=sample),
            generation_b=Generation.objects.get(run=runs[1], sample=sample),
            position=sample.position,
        )
        comparisons.append(comparison)
        for number in range(raters):
            side = "ab"[(number + sample.position + (first_side == "b")) % 2]
            place = sample.position * raters + number + 1
            Seat.objects.create(
                study=study, comparison=comparison, number=number, shown_left=side, place=place
            )
    return StudyCast(study, comparisons, people)


def _run(task_set: TaskSet, system_name: str, samples: Sequence[Sample], cost: Decimal) -> Run:
    endpoint, _ = Endpoint.objects.get_or_create(name="here", provider="simulated")
    model, fresh = LanguageModel.objects.get_or_create(endpoint=endpoint, name=f"{system_name} model")
    if fresh:
        Price.objects.create(
            model=model,
            input_usd_per_mtok=cost,
            output_usd_per_mtok=4 * cost,
            valid_from=date(2026, 1, 1),
            source_url="https://example.org/prices",
            checked_on=date(2026, 2, 1),
        )
    price = Price.objects.get(model=model)
    system, _ = System.objects.get_or_create(name=system_name, model=model)
    run = Run.objects.create(task_set=task_set, system=system, state="done", measured=True, finished_at=NOON)
    for sample in samples:
        facts = {
            "latency_ms": 100.0 + 7 * sample.position + 50 * float(cost),
            "input_tokens": 500,
            "cached_input_tokens": 0,
            "output_tokens": 1000 + sample.position,
            "cost_usd": (500 * cost + (1000 + sample.position) * 4 * cost).scaleb(-6),
        }
        generation = Generation.objects.create(
            run=run,
            sample=sample,
            state="done",
            output=f"It is {2 * sample.position}, said {system_name[:5]}.",
            served_by=model.name,
            finish_reason="stop",
            finished_at=NOON,
            **facts,
        )
        ApiCall.objects.create(
            run=run,
            generation=generation,
            model=model,
            price=price,
            state="answered",
            request_key=hashlib.sha256(f"{run.pk}/{sample.key}".encode()).hexdigest(),
            request={"messages": []},
            sent_at=NOON,
            model_answered=model.name,
            http_status=200,
            **facts,
        )
    return run


def organiser(name: str = "olga") -> Account:
    """Someone who opens and closes studies."""
    return Account.objects.create(username=name, role="organiser")


def researcher(name: str = "rosa") -> Account:
    """Someone who reads the results of closed studies."""
    return Account.objects.create(username=name, role="researcher")

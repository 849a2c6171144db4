"""Whatever happens in whatever order, the rules hold and the study can be finished."""

import random
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from raters.invariants import violations
from raters.models import Judgment, Rater, Seat, Study
from raters.people.inviting import add_rater
from raters.rating.correcting import correct
from raters.rating.errors import NotCorrectable, RaterLeft, StudyClosed
from raters.rating.judging import SubmitResult, submit
from raters.rating.leasing import Held, Lease, Nothing, claim
from raters.rating.releasing import bring_forward, release_expired
from raters.studies.closing import close_study, pause_study, resume_study
from tests.studies.casting import NOON, make_study

RATERS_PER_SAMPLE = 3
OVERSHOT = """
    SELECT seat.comparison_id
    FROM raters_judgment judgment JOIN raters_seat seat ON seat.id = judgment.seat_id
    WHERE judgment.study_id = %s AND judgment.status = 'counted' AND judgment.revision = 0
    GROUP BY seat.comparison_id
    HAVING count(*) > %s OR count(*) <> count(DISTINCT judgment.rater_id)
"""


class Rating(RuleBasedStateMachine):
    """One study with people coming and going."""

    @initialize(samples=st.integers(1, 4), seed=st.integers(0, 10**6))
    def open(self, samples: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = NOON
        self.study: Study = make_study(f"study {Study.objects.count()}", samples=samples, seed=seed)
        self.raters: list[Rater] = []
        self.leases: list[tuple[Rater, Lease]] = []
        self.stored: dict[Lease, SubmitResult] = {}
        for _ in range(2):
            self.join()

    def pick(self, number: int) -> Rater:
        return self.raters[number % len(self.raters)]

    @precondition(lambda self: len(self.raters) < 6)
    @rule()
    def join(self) -> None:
        self.raters.append(add_rater(self.study, now=self.now))

    @rule(who=st.integers(0, 99))
    def claim(self, who: int) -> None:
        rater = self.pick(who)
        first = claim(rater_id=rater.pk, now=self.now, chance=self.chance)
        again = claim(rater_id=rater.pk, now=self.now, chance=self.chance)
        if isinstance(first, Held):
            assert isinstance(again, Held)
            assert again.lease == first.lease
            self.leases.append((rater, first.lease))
        else:
            # A lease that was out when the first claim looked may have run out for the second.
            assert again == first

    @precondition(lambda self: self.leases)
    @rule(which=st.integers(0, 999), choice=st.sampled_from(["left", "right", "tie", "both_bad"]))
    def submit(self, which: int, choice: str) -> None:
        rater, lease = self.leases[-1 - which % len(self.leases)]
        try:
            result = submit(rater_id=rater.pk, lease=lease, answers={"overall": choice}, now=self.now)
        except (StudyClosed, RaterLeft):
            assert lease not in self.stored
            return
        if lease in self.stored:
            assert result.repeated
            assert result.judgment_id == self.stored[lease].judgment_id
        else:
            assert not result.repeated
            self.stored[lease] = result

    @precondition(lambda self: self.stored)
    @rule(which=st.integers(0, 999))
    def correct(self, which: int) -> None:
        rater, lease = self.leases[which % len(self.leases)]
        try:
            result = correct(rater_id=rater.pk, lease=lease, answers={"overall": "tie"}, now=self.now)
        except (NotCorrectable, StudyClosed, RaterLeft):
            return
        assert result.status == self.stored[lease].status

    @rule(minutes=st.integers(0, 70), sweep=st.booleans())
    def let_time_pass(self, minutes: int, sweep: bool) -> None:
        self.now += timedelta(minutes=minutes)
        if sweep:
            release_expired(now=self.now)
            bring_forward()

    @rule()
    def pause_or_resume(self) -> None:
        self.study.refresh_from_db()
        if self.study.state == "open":
            pause_study(self.study, actor="olga", now=self.now)
        elif self.study.state == "paused":
            resume_study(self.study, actor="olga", now=self.now)

    @rule(who=st.integers(0, 99))
    def leave(self, who: int) -> None:
        if who < 5:
            Rater.objects.filter(pk=self.pick(who).pk).update(state="left")

    @rule(really=st.integers(0, 9))
    def close(self, really: int) -> None:
        self.study.refresh_from_db()
        if really == 0 and self.study.state != "closed":
            close_study(self.study, actor="olga", now=self.now)

    @invariant()
    def never_more_than_three_and_never_twice_by_one(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(OVERSHOT, [self.study.pk, RATERS_PER_SAMPLE])
            assert cursor.fetchall() == []

    def teardown(self) -> None:
        if not hasattr(self, "study"):
            return
        ids = {result.judgment_id for result in self.stored.values()}
        assert ids == set(Judgment.objects.filter(study=self.study, revision=0).values_list("pk", flat=True))
        self.study.refresh_from_db()
        if self.study.state != "closed":
            self.finish()
        assert list(violations()) == []

    def finish(self) -> None:
        """With three people who stay, every seat is judged in the end: nothing stalls unseen."""
        if self.study.state == "paused":
            resume_study(self.study, actor="olga", now=self.now)
        self.now += timedelta(hours=2)
        people = [add_rater(self.study, now=self.now) for _ in range(RATERS_PER_SAMPLE)]
        release_expired(now=self.now)
        while True:
            answers = [claim(rater_id=person.pk, now=self.now, chance=self.chance) for person in people]
            for person, held in zip(people, answers, strict=True):
                if isinstance(held, Held):
                    submit(rater_id=person.pk, lease=held.lease, answers={"overall": "tie"}, now=self.now)
            if not any(isinstance(held, Held) for held in answers):
                break
        assert set(answers) == {Nothing.DONE}
        assert not Seat.objects.filter(study=self.study).exclude(state="judged").exists()


@pytest.mark.django_db(transaction=True)
def test_no_order_of_events_breaks_a_rule_or_stalls_a_study() -> None:
    run_state_machine_as_test(
        Rating,
        settings=settings(
            max_examples=100,
            stateful_step_count=50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

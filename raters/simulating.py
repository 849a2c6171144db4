"""Simulated raters, who judge through the same services as people and only in studies that say so.

Each comparison has one true preference, drawn from the strengths of its two systems; each rater perceives it
with noise of their own. So the strengths, the agreement and the position bias of the outcome are known
beforehand.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from raters.models import Rater, Seat, Study
from raters.models.seats import Choice, Side
from raters.people.inviting import add_rater
from raters.rating.answers import MOST_STRENGTH, Given
from raters.rating.judging import submit
from raters.rating.leasing import Held, claim
from raters.rating.timing import Reported
from raters.studies.errors import StateRefused
from raters.studies.protocol import Protocol


@dataclass(frozen=True, slots=True)
class Preference:
    """How simulated raters judge.

    ``strengths``: per system, on the logit scale; a difference of 1 is preferred 73 % of the time, and
    systems not named have strength 0. ``noise``: standard deviation of each rater's own perception, on the
    same scale; 0 makes all raters agree but for position. ``left_bias``: added to the side shown left.
    ``tie_width``: a perceived difference smaller than this is a tie. ``both_bad``: share of comparisons that
    are bad on both sides.
    """

    strengths: Mapping[str, float] = field(default_factory=dict)
    noise: float = 0.8
    left_bias: float = 0.0
    tie_width: float = 0.45
    both_bad: float = 0.04


COMMENTS = (
    "Clearer, and to the point.",
    "Both say the same; this one reads better.",
    "One claim here looks wrong.",
    "Too long for what was asked.",
)
COMMENT_SHARE = 0.06
#: Seconds a simulated judgment takes: a log-normal with this median and spread.
MEDIAN_SECONDS = 21.0
SPREAD = 0.55


def simulate_judgments(
    study: Study,
    *,
    raters: int = 3,
    seed: int,
    preference: Preference | None = None,
    begin: datetime | None = None,
    most: int | None = None,
) -> int:
    """Let simulated raters judge until nothing is left, or ``most`` judgments are given; how many were.

    ``begin`` is when the first rater starts (default: when the study opened). Raises ``StateRefused`` for a
    study that was not opened as simulated.
    """
    if not study.simulated:
        raise StateRefused(
            f"The study “{study.name}” is for people; only a simulated study takes simulated raters."
        )
    chance = random.Random(seed)  # noqa: S311 - simulated people, reproducible by design
    started = begin or study.opened_at
    people = [add_rater(study, now=started, simulated=True) for _ in range(raters)]
    minds = _Minds(study, preference or Preference(), seed)
    clocks = {person.pk: started + timedelta(seconds=chance.uniform(0, 60)) for person in people}
    busy = list(people)
    judged = 0
    while busy and (most is None or judged < most):
        # Whoever is free first goes on, as people working side by side would.
        person = min(busy, key=lambda each: clocks[each.pk])
        now = clocks[person.pk]
        held = claim(rater_id=person.pk, now=now, chance=chance)
        if not isinstance(held, Held):
            busy.remove(person)
            continue
        seconds = MEDIAN_SECONDS * math.exp(chance.gauss(0, SPREAD))
        submit(
            rater_id=person.pk,
            lease=held.lease,
            answers=minds.answers(held.seat_id, person),
            comment=chance.choice(COMMENTS) if chance.random() < COMMENT_SHARE else "",
            reported=_times(seconds, chance),
            now=now + timedelta(seconds=seconds),
        )
        clocks[person.pk] = now + timedelta(seconds=seconds + chance.uniform(0.2, 2.0))
        judged += 1
    return judged


def _times(seconds: float, chance: random.Random) -> Reported:
    opened_ms = int(seconds * 1000)
    return Reported(
        opened_ms=opened_ms,
        first_action_ms=int(opened_ms * chance.uniform(0.05, 0.6)),
        active_ms=int(opened_ms * chance.uniform(0.8, 1.0)),
    )


class _Minds:
    """What each simulated rater thinks of each comparison; the same whenever it is asked."""

    def __init__(self, study: Study, preference: Preference, seed: int) -> None:
        protocol = Protocol.from_json(study.protocol)
        self._graded = protocol.graded
        self._points = len(protocol.scale)
        self._criteria: Sequence[str] = [criterion.key for criterion in protocol.criteria]
        self._preference = preference
        self._seed = seed

    def answers(self, seat_id: int, rater: Rater) -> dict[str, Given]:
        seat = (
            Seat.objects.select_related("comparison__generation_a__run__system")
            .select_related("comparison__generation_b__run__system")
            .get(pk=seat_id)
        )
        comparison = seat.comparison
        strengths = self._preference.strengths
        difference = strengths.get(comparison.generation_a.run.system.name, 0.0) - strengths.get(
            comparison.generation_b.run.system.name, 0.0
        )
        return {
            key: self._given(f"{comparison.position}/{key}", difference, seat.shown_left == Side.A, rater)
            for key in self._criteria
        }

    def _given(self, question: str, difference: float, a_is_left: bool, rater: Rater) -> Given:
        shared = random.Random(f"{self._seed}/{question}")  # noqa: S311 - as above
        own = random.Random(f"{self._seed}/{question}/{rater.pseudonym}")  # noqa: S311 - as above
        uniform = min(max(shared.random(), 1e-9), 1 - 1e-9)
        # A logistic draw around the difference in strength: the Bradley–Terry model's own noise.
        truth = difference + math.log(uniform / (1 - uniform))
        is_bad = shared.random() < self._preference.both_bad
        seen = truth + own.gauss(0, self._preference.noise)
        if is_bad and own.random() < 0.8:
            return Given(Choice.BOTH_BAD, None, *self._scores(-2.0, -2.0))
        toward_left = (seen if a_is_left else -seen) + self._preference.left_bias
        scores = self._scores(toward_left / 2, -toward_left / 2)
        if abs(toward_left) < self._preference.tie_width:
            return Given(Choice.TIE, None, *scores)
        choice = Choice.LEFT if toward_left > 0 else Choice.RIGHT
        strength = min(1 + int(abs(toward_left)), MOST_STRENGTH) if self._graded else None
        return Given(choice, strength, *scores)

    def _scores(self, left: float, right: float) -> tuple[int | None, int | None]:
        """Two qualities (0 is the middle of the scale, 1 a point better) as scores, where any are asked."""
        if not self._points:
            return None, None
        middle = (1 + self._points) / 2
        first, second = (min(max(round(middle + each), 1), self._points) for each in (left, right))
        return first, second

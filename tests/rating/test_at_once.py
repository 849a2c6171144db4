"""Twenty threads on one study: exactly three judgments each, whatever is doubled, abandoned or late."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from raters.invariants import violations
from raters.models import Judgment, Rater, Study
from raters.rating import judging
from raters.rating.judging import SubmitResult, submit
from raters.rating.leasing import Held, Nothing, claim
from raters.rating.releasing import release_expired
from tests.studies.casting import make_raters, make_study

RATERS = 10
TABS = 2
COMPARISONS = 100


@dataclass
class Log:
    """What the threads were told."""

    results: list[SubmitResult] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)


def rate(rater: Rater, seed: int, log: Log) -> None:
    """One browser tab until nothing is left: claims and submits, sometimes twice, late or not at all."""
    chance = random.Random(seed)
    forgotten: list[Held] = []

    def send(held: Held) -> None:
        answers = {"overall": chance.choice(["left", "right", "tie", "both_bad"])}
        for _ in range(2 if chance.random() < 0.2 else 1):
            log.results.append(
                submit(rater_id=rater.pk, lease=held.lease, answers=answers, now=timezone.now())
            )

    try:
        while (held := claim(rater_id=rater.pk, now=timezone.now(), chance=chance)) is not Nothing.DONE:
            if not isinstance(held, Held):
                continue
            fate = chance.random()
            if fate < 0.15:
                # Everybody's time runs out: whoever submits next is late, and seats change hands.
                release_expired(now=timezone.now() + timedelta(days=1))
            if fate < 0.05:
                forgotten.append(held)
            elif fate > 0.10:
                send(held)
        for held in forgotten:
            send(held)
    except Exception as error:  # noqa: BLE001 - whatever a thread meets is for the test to judge
        log.errors.append(error)
    finally:
        connection.close()


def run_threads(study: Study, act: Callable[[Rater, int, Log], None] = rate) -> Log:
    log = Log()
    threads = [
        threading.Thread(target=act, args=(rater, number * TABS + tab, log))
        for number, rater in enumerate(make_raters(study, RATERS))
        for tab in range(TABS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return log


def assert_exactly_three(study: Study, log: Log) -> None:
    assert log.errors == []
    counted = Judgment.objects.filter(study=study, status="counted", revision=0)
    by_comparison = Counter(counted.values_list("seat__comparison", flat=True))
    assert len(by_comparison) == COMPARISONS
    assert set(by_comparison.values()) == {3}
    assert len(set(counted.values_list("seat__comparison", "rater"))) == 3 * COMPARISONS
    told = {result.judgment_id: result.status for result in log.results}
    assert told == dict(Judgment.objects.filter(study=study).values_list("pk", "status"))
    assert list(violations()) == []


@pytest.mark.django_db(transaction=True)
def test_twenty_tabs_of_ten_raters_leave_exactly_three_judgments_everywhere() -> None:
    study = make_study(samples=COMPARISONS)
    log = run_threads(study)
    assert_exactly_three(study, log)
    assert any(result.repeated for result in log.results)
    assert any(result.status == "surplus" for result in log.results)


@pytest.mark.django_db(transaction=True)
def test_its_twin_without_the_look_at_who_has_the_seat_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_counts", lambda *_: True)
    study = make_study(samples=COMPARISONS)
    log = run_threads(study)
    with pytest.raises(AssertionError):
        assert_exactly_three(study, log)


@pytest.mark.django_db(transaction=True)
def test_the_same_form_from_two_connections_at_once_is_one_judgment() -> None:
    study = make_study(samples=30)
    rater = make_raters(study, 1)[0]
    for number in range(30):
        held = claim(rater_id=rater.pk, now=timezone.now(), chance=random.Random(number))
        assert isinstance(held, Held)
        results = twice_at_once(rater, held)
        assert sorted(result.repeated for result in results) == [False, True]
        assert len({result.judgment_id for result in results}) == 1
    assert Judgment.objects.count() == 30


def twice_at_once(rater: Rater, held: Held) -> list[SubmitResult]:
    start = threading.Barrier(2)
    results: list[SubmitResult] = []

    def post() -> None:
        start.wait()
        answers = {"overall": "left"}
        results.append(submit(rater_id=rater.pk, lease=held.lease, answers=answers, now=timezone.now()))
        connection.close()

    threads = [threading.Thread(target=post) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results

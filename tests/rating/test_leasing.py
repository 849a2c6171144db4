"""Claiming seats on a real database."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from raters.models import RaterCursor, Seat
from raters.rating.leasing import LEASE, Held, Nothing, claim
from raters.rating.releasing import bring_forward, release_expired
from raters.studies.closing import close_study, pause_study, resume_study
from raters.tasks import refresh_seats
from tests.studies.casting import (
    NOON,
    claim_for,
    judge,
    judge_everything,
    make_raters,
    make_study,
    must_claim,
)

pytestmark = pytest.mark.django_db


def test_three_raters_fill_every_seat_each_once_per_comparison() -> None:
    study = make_study(samples=20)
    raters = make_raters(study, 3)
    assert judge_everything(raters) == 60
    seats = Seat.objects.filter(study=study)
    assert seats.filter(state="judged").count() == 60
    by_comparison = Counter(seats.values_list("comparison", flat=True))
    assert set(by_comparison.values()) == {3}
    assert len(set(seats.values_list("comparison", "rater"))) == 60
    assert [cursor.judged for cursor in RaterCursor.objects.filter(rater__study=study)] == [20, 20, 20]


def test_the_least_judged_comparisons_come_first() -> None:
    study = make_study(samples=12)
    first, second = make_raters(study, 2)
    for rater in (first, second) * 6:
        judge(rater, must_claim(rater))
    judged = Seat.objects.filter(study=study, state="judged").values_list("comparison", flat=True)
    # A side's queue may run out of first seats a little before the other one's.
    assert len(set(judged)) >= 11


def test_reload_back_and_a_second_tab_get_the_seat_that_is_held() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    assert must_claim(rater, minute=1) == held
    assert must_claim(rater, minute=2) == held


def test_a_held_seat_is_leased_anew_once_half_its_lease_has_passed() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    later = must_claim(rater, minute=20)
    assert later.lease == held.lease
    assert later.lease_until == NOON + timedelta(minutes=20) + LEASE


def test_an_expired_lease_is_still_the_raters_until_the_seat_has_been_reopened() -> None:
    study = make_study(samples=1)
    rater, other = make_raters(study, 2)
    held = must_claim(rater)
    assert must_claim(rater, minute=45).lease == held.lease
    assert release_expired(now=NOON + timedelta(minutes=90)) == 1
    again = must_claim(rater, minute=91)
    assert again.lease.token != held.lease.token
    assert isinstance(claim_for(other, minute=91), Held)


def test_an_abandoned_seat_comes_back_behind_everything_else() -> None:
    study = make_study(samples=3, raters_per_sample=1)
    leaver, stayer = make_raters(study, 2)
    abandoned = must_claim(leaver)
    assert release_expired(now=NOON + timedelta(hours=1)) == 1
    order = []
    while isinstance(held := claim_for(stayer, minute=61), Held):
        judge(stayer, held, minute=61)
        order.append(held.seat_id)
    assert sorted(order) == sorted(Seat.objects.values_list("pk", flat=True))
    assert order[-1] == abandoned.seat_id or len(order) == 3


def test_abandoned_seats_are_found_without_any_scheduler() -> None:
    study = make_study(samples=2, raters_per_sample=1)
    leaver, stayer = make_raters(study, 2)
    must_claim(leaver)
    judge(stayer, must_claim(stayer))
    assert claim_for(stayer, minute=5) is Nothing.WAITING
    assert isinstance(claim_for(stayer, minute=40), Held)


def test_seats_that_were_passed_are_found_again() -> None:
    study = make_study(samples=6, raters_per_sample=1)
    rater = make_raters(study, 1)[0]
    RaterCursor.objects.filter(rater=rater).update(place_a=10**15, place_b=10**15)
    assert judge_everything([rater]) == 6


def test_passed_seats_get_a_fresh_place_that_every_cursor_has_ahead() -> None:
    study = make_study(samples=6, raters_per_sample=1)
    rater = make_raters(study, 1)[0]
    judge(rater, must_claim(rater))
    RaterCursor.objects.filter(rater=rater).update(place_a=6, place_b=6)
    assert bring_forward() == 5
    assert bring_forward() == 0
    assert Seat.objects.filter(study=study, state="open", place__gt=6).count() == 5


def test_seats_that_no_passing_rater_may_take_stay_where_they_are() -> None:
    study = make_study(samples=5)
    rater = make_raters(study, 1)[0]
    assert judge_everything([rater]) == 5
    assert bring_forward() == 0


def test_a_rater_is_done_when_only_other_raters_can_fill_what_is_left() -> None:
    study = make_study(samples=2)
    rater, other = make_raters(study, 2)
    assert judge_everything([rater]) == 2
    assert claim_for(rater) is Nothing.DONE
    must_claim(other)
    # The seat in the other's hands is of a comparison that this rater has judged.
    assert claim_for(rater) is Nothing.DONE


def test_a_paused_study_hands_out_nothing_until_it_is_resumed() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    pause_study(study, actor="olga", now=NOON)
    assert claim_for(rater) is Nothing.PAUSED
    resume_study(study, actor="olga", now=NOON)
    assert must_claim(rater).lease == held.lease


def test_a_closed_study_hands_out_nothing_and_holds_nothing() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    must_claim(rater)
    close_study(study, actor="olga", now=NOON)
    assert claim_for(rater) is Nothing.CLOSED
    assert not Seat.objects.filter(study=study).exclude(state="open").exists()


def test_a_rater_who_left_gets_nothing() -> None:
    rater = make_raters(make_study(), 1)[0]
    rater.state = "left"
    rater.save()
    assert claim_for(rater) is Nothing.LEFT


@pytest.mark.parametrize(("people", "seed"), [(3, 1), (3, 2), (4, 3), (6, 4)])
def test_each_system_stands_left_half_the_time_for_every_rater(people: int, seed: int) -> None:
    study = make_study(samples=60, seed=seed)
    raters = make_raters(study, people)
    judge_everything(raters, seed=seed)
    for rater in raters:
        sides = Counter(Seat.objects.filter(rater=rater).values_list("shown_left", flat=True))
        assert abs(sides["a"] - sides["b"]) <= 9, sides


def test_a_rater_has_seats_in_one_study_only() -> None:
    first, second = make_study("first"), make_study("second", systems=("one", "two"))
    rater = make_raters(first, 1)[0]
    judge_everything([rater])
    assert set(Seat.objects.filter(rater=rater).values_list("study", flat=True)) == {first.pk}
    assert Seat.objects.filter(study=second, state="open").count() == 12


def test_a_lease_lasts_as_long_as_asked() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = claim(rater_id=rater.pk, now=NOON, chance=random.Random(1), lease=timedelta(seconds=5))
    assert isinstance(held, Held)
    assert held.lease_until == NOON + timedelta(seconds=5)


def test_the_scheduler_brings_back_what_was_abandoned_or_passed() -> None:
    study = make_study(samples=6, raters_per_sample=1)
    leaver, stayer = make_raters(study, 2)
    must_claim(leaver)
    judge(stayer, must_claim(stayer))
    RaterCursor.objects.filter(rater=stayer).update(place_a=6, place_b=6)
    refresh_seats()
    states = Counter(Seat.objects.filter(study=study).values_list("state", flat=True))
    assert states == {"open": 5, "judged": 1}
    assert Seat.objects.filter(study=study, state="open", place__gt=6).count() == 5

"""Passing on comparisons on a real database."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from raters import audit
from raters.invariants import violations
from raters.models import AuditEvent, Judgment, Rater, RaterCursor, Seat, Skip
from raters.queries import Shortage, shortages_of, skip_notes_of, skips_of
from raters.rating.errors import LeaseUnknown, SkipRefused, StudyClosed
from raters.rating.leasing import Held, Nothing
from raters.rating.releasing import release_expired
from raters.rating.skipping import skip
from raters.studies.closing import close_study
from tests.studies.casting import NOON, claim_for, judge, make_raters, make_study, must_claim

pytestmark = pytest.mark.django_db


def pass_on(rater: Rater, held: Held, reason: str = "cannot_judge", note: str = "") -> bool:
    return skip(rater_id=rater.pk, lease=held.lease, reason=reason, note=note, now=NOON)


def test_a_skipped_seat_goes_to_others_and_never_back_to_the_rater() -> None:
    rater, other = make_raters(make_study(samples=3, raters_per_sample=1), 2)
    held = must_claim(rater)
    assert pass_on(rater, held)
    assert Seat.objects.get(pk=held.seat_id).state == "open"
    seen = []
    while isinstance(claimed := claim_for(rater), Held):
        seen.append(claimed.seat_id)
        judge(rater, claimed)
    assert len(seen) == 2
    assert held.seat_id not in seen
    assert claimed is Nothing.DONE
    assert must_claim(other).seat_id == held.seat_id
    assert claim_for(rater) is Nothing.DONE
    assert not list(violations())


def test_another_seat_of_a_skipped_comparison_does_not_come_either() -> None:
    rater = make_raters(make_study(samples=2, raters_per_sample=3), 1)[0]
    held = must_claim(rater)
    pass_on(rater, held)
    skipped = Seat.objects.get(pk=held.seat_id).comparison_id
    rest = must_claim(rater)
    assert Seat.objects.get(pk=rest.seat_id).comparison_id != skipped
    judge(rater, rest)
    assert claim_for(rater) is Nothing.DONE


def test_the_side_is_owed_again() -> None:
    rater = make_raters(make_study(), 1)[0]
    before = must_claim(rater)
    side = Seat.objects.get(pk=before.seat_id).shown_left
    owed = RaterCursor.objects.get(rater=rater).sides
    pass_on(rater, before)
    cursor = RaterCursor.objects.get(rater=rater)
    assert (cursor.sides, cursor.held_seat_id, cursor.judged) == (side + owed, None, 0)


def test_skipping_twice_or_after_judging_adds_nothing() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    assert pass_on(rater, held)
    assert not pass_on(rater, held)
    judged = must_claim(rater)
    judge(rater, judged)
    assert not pass_on(rater, judged)
    assert (Skip.objects.count(), Judgment.objects.count()) == (1, 1)


def test_a_late_skip_leaves_the_seat_to_whoever_has_it_now() -> None:
    rater, other = make_raters(make_study(samples=1, raters_per_sample=1), 2)
    held = must_claim(rater)
    release_expired(now=NOON + timedelta(hours=1))
    taken = must_claim(other, minute=61)
    assert pass_on(rater, held)
    assert Seat.objects.get(pk=taken.seat_id).rater == other
    assert not list(violations())


def test_without_a_reason_with_a_foreign_lease_or_after_closing_nothing_is_skipped() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    with pytest.raises(SkipRefused):
        pass_on(rater, held, "bored")
    stranger = make_raters(make_study("other", systems=("x", "y")), 1)[0]
    with pytest.raises(LeaseUnknown):
        pass_on(stranger, held)
    close_study(study, actor="olga", now=NOON)
    with pytest.raises(StudyClosed):
        pass_on(rater, held)
    assert not Skip.objects.exists()


def test_when_too_many_skip_the_study_says_how_many_raters_it_lacks() -> None:
    study = make_study(samples=2, raters_per_sample=2)
    raters = make_raters(study, 3)
    assert shortages_of(study) == []
    comparison = None
    for number, rater in enumerate(raters):
        held = must_claim(rater)
        if comparison is None:
            comparison = Seat.objects.get(pk=held.seat_id).comparison_id
        while Seat.objects.get(pk=held.seat_id).comparison_id != comparison:
            judge(rater, held)
            held = must_claim(rater)
        pass_on(rater, held)
        expected = [Shortage(1, number)] if number else []
        assert [each for each in shortages_of(study) if each.comparisons] == expected


def test_reasons_are_counted_and_problems_told_and_sealed_into_the_log() -> None:
    study = make_study()
    first, second = make_raters(study, 2)
    pass_on(first, must_claim(first))
    pass_on(second, must_claim(second), "broken", "no picture")
    assert skips_of(study) == [
        ("Could not judge it", 1),
        ("Problem: something is missing or shown wrongly", 1),
    ]
    assert [each.note for each in skip_notes_of(study)] == ["no picture"]
    events = list(AuditEvent.objects.filter(study=study).order_by("pk"))
    assert [event.action for event in events[-2:]] == ["comparison skipped"] * 2
    assert events[-1].detail["note"] == "no picture"
    assert audit.broken_links(events) == []


@pytest.mark.parametrize("act", ["UPDATE raters_skip SET note = ''", "DELETE FROM raters_skip"])
def test_the_database_refuses_to_change_or_delete_a_skip(act: str) -> None:
    rater = make_raters(make_study(), 1)[0]
    pass_on(rater, must_claim(rater))
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        connection.cursor().execute(act)

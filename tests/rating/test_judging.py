"""Taking judgments on a real database."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from raters.invariants import violations
from raters.models import Answer, AuditEvent, Judgment, RaterCursor, Seat
from raters.models.seats import JudgmentStatus
from raters.rating.answers import Given
from raters.rating.correcting import WINDOW, correct, last_judgment
from raters.rating.errors import AnswersRefused, LeaseUnknown, NotCorrectable, RaterLeft, StudyClosed
from raters.rating.judging import MOST_COMMENT_CHARACTERS, SubmitResult, submit
from raters.rating.leasing import Held, Lease, Nothing
from raters.rating.releasing import release_expired
from raters.rating.timing import Reported
from raters.studies.closing import close_study, pause_study
from raters.studies.protocol import Criterion
from tests.studies.casting import NOON, claim_for, judge, make_raters, make_study, must_claim

pytestmark = pytest.mark.django_db

TWO = (Criterion("overall", "Which is better?"), Criterion("tone", "Which is kinder?"))


def test_a_judgment_is_stored_with_its_answers_times_and_seat() -> None:
    study = make_study(criteria=TWO)
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    result = submit(
        rater_id=rater.pk,
        lease=held.lease,
        answers={"overall": "right", "tone": "both_bad"},
        comment=" fine\0 ",
        reported=Reported(opened_ms=50_000, first_action_ms=4_000, active_ms=45_000),
        now=NOON + timedelta(seconds=60),
    )
    assert (result.status, result.repeated) == (JudgmentStatus.COUNTED, False)
    judgment = Judgment.objects.get(pk=result.judgment_id)
    assert (judgment.study, judgment.rater, judgment.seat_id) == (study, rater, held.seat_id)
    assert (judgment.revision, judgment.lease_token, judgment.comment) == (0, held.lease.token, "fine")
    assert judgment.opened_at == NOON
    assert judgment.first_action_at == NOON + timedelta(seconds=14)
    assert judgment.submitted_at == NOON + timedelta(seconds=60)
    assert judgment.active_ms == 45_000
    answers = Answer.objects.filter(judgment=judgment).values_list("criterion", "choice_shown")
    assert sorted(answers) == [("overall", "right"), ("tone", "both_bad")]
    seat = Seat.objects.get(pk=held.seat_id)
    assert (seat.state, seat.rater, seat.lease_token, seat.lease_until) == (
        "judged",
        rater,
        held.lease.token,
        None,
    )
    cursor = RaterCursor.objects.get(rater=rater)
    assert (cursor.judged, cursor.held_seat_id) == (1, None)


def test_the_same_lease_again_returns_the_first_result_and_adds_nothing() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    first = judge(rater, held)
    again = judge(rater, held, minute=2, answers={"overall": "tie"})
    assert (again.judgment_id, again.repeated) == (first.judgment_id, True)
    assert Judgment.objects.count() == 1
    assert Answer.objects.get().choice_shown == "left"


def test_a_late_judgment_counts_while_the_seat_is_free() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    release_expired(now=NOON + timedelta(hours=1))
    assert judge(rater, held, minute=61).status == JudgmentStatus.COUNTED
    assert Seat.objects.get(pk=held.seat_id).rater == rater
    assert not list(violations())


def test_a_late_judgment_is_kept_as_surplus_once_somebody_else_has_the_seat() -> None:
    study = make_study(samples=1, raters_per_sample=1)
    rater, other = make_raters(study, 2)
    held = must_claim(rater)
    release_expired(now=NOON + timedelta(hours=1))
    taken = must_claim(other, minute=61)
    assert taken.seat_id == held.seat_id
    late = judge(rater, held, minute=62)
    assert late.status == JudgmentStatus.SURPLUS
    assert judge(rater, held, minute=63).judgment_id == late.judgment_id
    assert judge(other, taken, minute=64).status == JudgmentStatus.COUNTED
    assert sorted(Judgment.objects.values_list("status", flat=True)) == ["counted", "surplus"]
    assert not list(violations())


def test_a_late_judgment_is_surplus_when_the_rater_has_another_seat_of_the_comparison() -> None:
    study = make_study(samples=1, raters_per_sample=3)
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    release_expired(now=NOON + timedelta(hours=1))
    again = must_claim(rater, minute=61)
    if again.seat_id == held.seat_id:
        pytest.fail("the seat that came back stands behind the others")
    assert judge(rater, again, minute=62).status == JudgmentStatus.COUNTED
    assert judge(rater, held, minute=63).status == JudgmentStatus.SURPLUS
    assert not list(violations())


def test_a_rater_who_got_the_same_seat_twice_counts_once() -> None:
    study = make_study(samples=1, raters_per_sample=1)
    rater = make_raters(study, 1)[0]
    first = must_claim(rater)
    release_expired(now=NOON + timedelta(hours=1))
    second = must_claim(rater, minute=61)
    assert second.seat_id == first.seat_id
    assert judge(rater, first, minute=62).status == JudgmentStatus.COUNTED
    assert judge(rater, second, minute=63).status == JudgmentStatus.SURPLUS
    assert claim_for(rater, minute=64) is Nothing.DONE
    assert not list(violations())


@pytest.mark.parametrize(
    "answers",
    [{}, {"overall": "best"}, {"overall": ""}, {"tone": "left"}, {"overall": "left", "tone": "left"}],
)
def test_answers_that_do_not_fit_the_criteria_are_refused_whole(answers: dict[str, str]) -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    with pytest.raises(AnswersRefused):
        judge(rater, held, answers=answers)
    assert not Judgment.objects.exists()
    assert must_claim(rater) == held


def test_a_lease_of_another_study_or_of_no_seat_is_unknown() -> None:
    here, there = make_study("here"), make_study("there", systems=("one", "two"))
    rater, stranger = make_raters(here, 1)[0], make_raters(there, 1)[0]
    with pytest.raises(LeaseUnknown):
        judge(rater, must_claim(stranger))
    with pytest.raises(LeaseUnknown):
        judge(rater, Held(1, Lease("nothing", uuid.uuid4()), NOON))


def test_another_raters_lease_never_counts() -> None:
    study = make_study(samples=1)
    rater, other = make_raters(study, 2)
    theirs = must_claim(other)
    assert judge(rater, theirs).status == JudgmentStatus.SURPLUS
    assert Seat.objects.get(pk=theirs.seat_id).rater == other


def test_a_paused_study_takes_what_is_under_way() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    pause_study(study, actor="olga", now=NOON)
    assert judge(rater, held).status == JudgmentStatus.COUNTED


def test_a_closed_study_takes_nothing_more_but_knows_what_it_has() -> None:
    study = make_study()
    first, second = make_raters(study, 2)
    held, other = must_claim(first), must_claim(second)
    stored = judge(first, held)
    close_study(study, actor="olga", now=NOON + timedelta(minutes=5))
    with pytest.raises(StudyClosed):
        judge(second, other, minute=6)
    assert judge(first, held, minute=6).judgment_id == stored.judgment_id
    assert not list(violations())


def test_closing_carries_no_earlier_time_than_the_last_judgment() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    judge(rater, must_claim(rater), minute=3)
    close_study(study, actor="olga", now=NOON)
    assert study.closed_at == NOON + timedelta(minutes=3)


def test_a_rater_who_left_cannot_judge() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    rater.state = "left"
    rater.save()
    with pytest.raises(RaterLeft):
        judge(rater, held)


def test_the_latest_judgment_can_be_corrected_and_its_history_stays() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    judge(rater, held)
    for choice in ("right", "tie"):
        correct(
            rater_id=rater.pk, lease=held.lease, answers={"overall": choice}, now=NOON + timedelta(minutes=2)
        )
    rows = Judgment.objects.order_by("revision").values_list("revision", "answers__choice_shown", "status")
    assert list(rows) == [(0, "left", "counted"), (1, "right", "counted"), (2, "tie", "counted")]
    assert RaterCursor.objects.get(rater=rater).judged == 1
    assert not list(violations())


def test_only_the_latest_judgment_can_be_corrected() -> None:
    rater = make_raters(make_study(), 1)[0]
    first = must_claim(rater)
    judge(rater, first)
    second = must_claim(rater)
    with pytest.raises(NotCorrectable):
        correct(rater_id=rater.pk, lease=second.lease, answers={"overall": "tie"}, now=NOON)
    judge(rater, second)
    with pytest.raises(NotCorrectable):
        correct(rater_id=rater.pk, lease=first.lease, answers={"overall": "tie"}, now=NOON)


def test_a_correction_sent_again_adds_nothing_and_one_from_a_stale_page_is_refused() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    judge(rater, held)

    def send(choice: str, revision: int) -> SubmitResult:
        return correct(
            rater_id=rater.pk,
            lease=held.lease,
            answers={"overall": choice},
            revision=revision,
            now=NOON + timedelta(minutes=2),
        )

    first, again = send("tie", 1), send("right", 1)
    assert (again.judgment_id, again.repeated) == (first.judgment_id, True)
    send("right", 2)
    with pytest.raises(NotCorrectable):
        send("left", 1)
    assert Judgment.objects.count() == 3


def test_a_judgment_can_be_corrected_only_for_a_while() -> None:
    rater = make_raters(make_study(), 1)[0]
    held = must_claim(rater)
    judge(rater, held, minute=1)
    later = NOON + timedelta(minutes=1) + WINDOW
    assert last_judgment(rater.pk, now=later).answers == {"overall": Given("left")}
    too_late = later + timedelta(seconds=1)
    with pytest.raises(NotCorrectable):
        last_judgment(rater.pk, now=too_late)
    with pytest.raises(NotCorrectable):
        correct(rater_id=rater.pk, lease=held.lease, answers={"overall": "tie"}, now=too_late)


def test_a_correction_after_closing_is_refused() -> None:
    study = make_study()
    rater = make_raters(study, 1)[0]
    held = must_claim(rater)
    judge(rater, held)
    close_study(study, actor="olga", now=NOON)
    with pytest.raises(StudyClosed):
        correct(rater_id=rater.pk, lease=held.lease, answers={"overall": "tie"}, now=NOON)


def test_a_comment_is_cut_at_its_limit() -> None:
    rater = make_raters(make_study(), 1)[0]
    submit(
        rater_id=rater.pk,
        lease=must_claim(rater).lease,
        answers={"overall": "tie"},
        comment="ü" * 9_000,
        now=NOON,
    )
    assert Judgment.objects.get().comment == "ü" * MOST_COMMENT_CHARACTERS


@pytest.mark.parametrize("table", ["raters_judgment", "raters_answer", "raters_auditevent"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_the_database_refuses_to_change_or_delete_what_was_recorded(table: str, act: str) -> None:
    rater = make_raters(make_study(), 1)[0]
    judge(rater, must_claim(rater))
    assert AuditEvent.objects.exists()
    with pytest.raises(IntegrityError, match="only ever added"), transaction.atomic():
        connection.cursor().execute(act.format(table))

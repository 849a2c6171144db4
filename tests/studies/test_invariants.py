"""Each rule finds what breaks it; a check that cannot fail would prove nothing."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from raters.invariants import AUDIT_RULE, CHECKS, violations
from raters.models import Study
from tests.studies.casting import judge_everything, make_raters, make_study, must_claim

pytestmark = pytest.mark.django_db

#: For every rule, statements that break it where constraints and triggers do not forbid it.
FAULTS: dict[str, list[str]] = {
    "a study has as many comparisons as its protocol says": [
        "UPDATE raters_study SET protocol = jsonb_set(protocol, '{comparisons}', '9')"
    ],
    "a comparison has exactly the seats its protocol says": [
        "DELETE FROM raters_seat WHERE state = 'open' AND number = 2"
    ],
    "sides are even over a comparison": ["UPDATE raters_seat SET shown_left = 'a'"],
    "a comparison is of one sample, of two arms in declared order": [
        "UPDATE raters_studyarm SET position = 7 WHERE position = 0"
    ],
    "a seat, its comparison and its rater are of one study": [
        "UPDATE raters_seat SET study_id = (SELECT max(id) FROM raters_study) WHERE state = 'open'"
    ],
    "a judged seat has exactly one first judgment that counts, by its rater under its lease": [
        "UPDATE raters_seat SET lease_token = gen_random_uuid() WHERE state = 'judged'"
    ],
    "a judgment that counts fills its seat": [
        "UPDATE raters_seat SET state = 'open', rater_id = NULL, lease_token = NULL WHERE state = 'judged'"
    ],
    "a judgment, its seat and its rater are of one study": [
        "ALTER TABLE raters_judgment DISABLE TRIGGER USER",
        "UPDATE raters_judgment SET study_id = (SELECT max(id) FROM raters_study)",
    ],
    "never more counted judgments of a comparison than raters asked for, all by different raters": [
        "UPDATE raters_study SET protocol = jsonb_set(protocol, '{raters_per_sample}', '0')"
    ],
    "revisions of a judgment follow one another, by one rater from one seat": [
        "ALTER TABLE raters_judgment DISABLE TRIGGER USER",
        "UPDATE raters_judgment SET revision = 3",
    ],
    "a judgment answers every criterion of its protocol once, and no other": [
        "ALTER TABLE raters_answer DISABLE TRIGGER USER",
        "UPDATE raters_answer SET criterion = 'tone'",
    ],
    "times run forward": [
        "ALTER TABLE raters_judgment DISABLE TRIGGER USER",
        "UPDATE raters_judgment SET opened_at = submitted_at + interval '1 s'",
    ],
    "a leased seat is the one its rater holds": ["UPDATE raters_ratercursor SET held_seat_id = NULL"],
    "a rater's tally is the number of seats judged": ["UPDATE raters_ratercursor SET judged = judged + 1"],
    "a closed study has no seat in anybody's hands and no judgment after closing": [
        "UPDATE raters_study SET state = 'closed', closed_at = '2000-01-01'"
    ],
    "an invitation leads to a rater of its own study": [
        (
            "INSERT INTO raters_invitation (study_id, token_hash, label, created_at, expires_at, rater_id) "
            "SELECT (SELECT max(id) FROM raters_study), 'x', '', now(), now(), min(id) FROM raters_rater"
        )
    ],
    "simulated raters judge in simulated studies only, and nobody else does there": [
        "UPDATE raters_rater SET simulated = true"
    ],
    AUDIT_RULE: [
        "ALTER TABLE raters_auditevent DISABLE TRIGGER USER",
        "UPDATE raters_auditevent SET actor = 'somebody else'",
    ],
}


@pytest.fixture
def studies() -> Study:
    """A study half judged with a seat in somebody's hands, and a second one."""
    study = make_study("first", samples=2)
    raters = make_raters(study, 2)
    judge_everything(raters[:1])
    must_claim(raters[1])
    make_study("second", systems=("one", "two"))
    with connection.cursor() as cursor:
        # So that tables may be altered within the test's own transaction.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return study


def test_nothing_is_found_where_nothing_is_wrong(studies: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert not list(violations())
    call_command("check_invariants")
    assert capsys.readouterr().out == f"{len(CHECKS) + 1} rules hold.\n"


def test_every_rule_has_a_fault_that_breaks_it() -> None:
    assert set(FAULTS) == {*CHECKS, AUDIT_RULE}


@pytest.mark.parametrize("rule", FAULTS)
def test_a_broken_rule_is_named_with_what_breaks_it(
    studies: Study, rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with connection.cursor() as cursor:
        for statement in FAULTS[rule]:
            cursor.execute(statement)
    found = [violation for violation in violations() if violation.rule == rule]
    assert found
    with pytest.raises(CommandError, match="violation"):
        call_command("check_invariants")
    assert f"{rule}: {found[0].what}\n" in capsys.readouterr().out

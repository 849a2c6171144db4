"""Who may read results, and opening them early."""

from datetime import timedelta

import pytest

from raters.models import AuditEvent, Study
from raters.reporting.sealing import OPENED_EARLY, may_read_results, open_early
from tests.reporting.studies import NOON, open_study, organiser, researcher

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("state", "unsealed", "organiser_reads", "researcher_reads"),
    [
        ("open", False, False, False),
        ("paused", False, False, False),
        ("closed", False, True, True),
        ("open", True, True, False),
        ("paused", True, True, False),
        ("closed", True, True, True),
    ],
)
def test_results_are_read_by(
    state: str, unsealed: bool, organiser_reads: bool, researcher_reads: bool
) -> None:
    study = Study(state=state, unsealed_at=NOON if unsealed else None)
    assert may_read_results(organiser(), study) is organiser_reads
    assert may_read_results(researcher(), study) is researcher_reads


def test_opening_early_is_logged_once() -> None:
    cast = open_study()
    assert open_early(cast.study.pk, actor="olga", now=NOON) is True
    assert open_early(cast.study.pk, actor="otto", now=NOON + timedelta(hours=1)) is False
    cast.study.refresh_from_db()
    assert cast.study.unsealed_at == NOON
    events = AuditEvent.objects.filter(study=cast.study, action=OPENED_EARLY)
    assert [(event.actor, event.at) for event in events] == [("olga", NOON)]


def test_a_closed_study_has_nothing_to_open() -> None:
    cast = open_study()
    cast.close()
    assert open_early(cast.study.pk, actor="olga", now=NOON) is False
    assert Study.objects.get(pk=cast.study.pk).unsealed_at is None

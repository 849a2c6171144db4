"""Pausing, resuming and closing a study. After closing, results may be opened and nothing can be added."""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max

from raters import audit
from raters.models import Judgment, Study
from raters.models.studies import StudyState
from raters.studies.errors import StateRefused

# A closed study has no seat in anybody's hands.
OPEN_LEASED = """
    UPDATE raters_seat
    SET state = 'open', rater_id = NULL, lease_token = NULL, lease_until = NULL, opened_at = NULL
    WHERE study_id = %s AND state = 'leased'
"""


def pause_study(study: Study, *, actor: str, now: datetime) -> None:
    """Hand out no more comparisons; what raters have before them is still taken."""
    _move(study, {StudyState.OPEN}, StudyState.PAUSED, "paused", actor=actor, now=now)


def resume_study(study: Study, *, actor: str, now: datetime) -> None:
    """Hand out comparisons again."""
    _move(study, {StudyState.PAUSED}, StudyState.OPEN, "resumed", actor=actor, now=now)


def close_study(study: Study, *, actor: str, now: datetime) -> None:
    """Take no more judgments, for good. Waits for those being stored, so that none comes after."""
    with transaction.atomic():
        _move(study, {StudyState.OPEN, StudyState.PAUSED}, StudyState.CLOSED, "closed", actor=actor, now=now)
        with connection.cursor() as cursor:
            cursor.execute(OPEN_LEASED, [study.pk])


def _move(
    study: Study, allowed: set[StudyState], to: StudyState, action: str, *, actor: str, now: datetime
) -> None:
    with transaction.atomic():
        # A full lock: it waits for every judgment under way, which holds a share of the study's row.
        locked = Study.objects.select_for_update().get(pk=study.pk)
        if locked.state not in allowed:
            raise StateRefused(f"The study “{locked.name}” is {locked.state}; it cannot be {action} now.")
        locked.state = to
        locked.closed_at = _closing_time(locked, now) if to == StudyState.CLOSED else None
        locked.save(update_fields=["state", "closed_at"])
        audit.record(locked, action, actor=actor, now=now)
    study.refresh_from_db()


def _closing_time(study: Study, now: datetime) -> datetime:
    # A judgment that this closing waited for may carry a later time than the request that closes.
    last = Judgment.objects.filter(study=study).aggregate(last=Max("submitted_at"))["last"]
    return max(now, last) if last else now

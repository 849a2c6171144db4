"""Results stay sealed while a study is open; who may read them, and opening them early."""

from datetime import datetime

from django.db import transaction

from evalapp.models import Account
from raters import audit
from raters.models import Study
from raters.models.studies import StudyState

OPENED_EARLY = "results opened early"


def may_read_results(account: Account, study: Study) -> bool:
    """Everyone with an account once the study is closed; before that organisers who opened them early."""
    if study.state == StudyState.CLOSED:
        return True
    return account.is_organiser and study.unsealed_at is not None


def open_early(study_id: int, *, actor: str, now: datetime) -> bool:
    """Open the results of a study that is not closed; the log and the report say so from then on.

    False when there is nothing to open: the study is closed, or its results were opened before.
    Raises Study.DoesNotExist.
    """
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=study_id)
        if study.state == StudyState.CLOSED or study.unsealed_at is not None:
            return False
        study.unsealed_at = now
        study.save(update_fields=["unsealed_at"])
        audit.record(study, OPENED_EARLY, actor=actor, now=now)
        return True

"""Forgetting who a rater is. What they judged stays, under the pseudonym it was always stored with."""

from datetime import datetime

from django.db import transaction

from raters import audit
from raters.models import Invitation, Rater, RaterIdentity
from raters.models.people import RaterState, opaque_token


def erase_rater(rater: Rater, *, actor: str, now: datetime) -> bool:
    """Delete the rater's identity and every way in; True when an identity had been kept. May be repeated."""
    with transaction.atomic():
        known, _ = RaterIdentity.objects.filter(rater=rater).delete()
        Invitation.objects.filter(rater=rater).update(label="")
        Invitation.objects.filter(rater=rater, used_at=None, revoked_at=None).update(revoked_at=now)
        # A fresh address: whoever still has the old one open finds nothing there.
        Rater.objects.filter(pk=rater.pk).update(state=RaterState.LEFT, token=opaque_token())
        audit.record(rater.study, "rater erased", actor=actor, now=now, detail={"rater": rater.pseudonym})
    return known > 0

"""Inviting raters: one-time links into one study, and what becomes of them. Only a link's hash is stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from raters import audit
from raters.models import Invitation, Rater, RaterCursor, Study
from raters.models.studies import StudyState
from raters.people.errors import LinkProblem, LinkRefused
from raters.studies.errors import StateRefused

VALID_DAYS = 14
MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Issued:
    """A fresh invitation with its secret, which is known only now."""

    invitation: Invitation
    token: str


class InvitationState(StrEnum):
    """Where an invitation stands at a moment."""

    WAITING = "waiting"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


def state_of(invitation: Invitation, now: datetime) -> InvitationState:
    """What the invitation's times say."""
    if invitation.used_at is not None:
        return InvitationState.USED
    if invitation.revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if invitation.expires_at <= now else InvitationState.WAITING


def invite(
    study: Study, *, count: int, actor: str, now: datetime, days: int = VALID_DAYS, label: str = ""
) -> list[Issued]:
    """Make ``count`` links, each good for one new rater within ``days`` days. A closed study takes none."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise ValueError(f"{count} invitations at once; 1 to {MOST_AT_ONCE} are possible")
    with transaction.atomic():
        _refuse_guests(study)
        issued = [_issue(study, now=now, days=days, label=label) for _ in range(count)]
        audit.record(study, "invited", actor=actor, now=now, detail={"count": count, "days": days})
    return issued


def reissue(rater: Rater, *, actor: str, now: datetime, days: int = VALID_DAYS) -> Issued:
    """A new link to the same rater, for one who lost the way. Earlier unused ones are withdrawn."""
    with transaction.atomic():
        _refuse_guests(rater.study)
        Invitation.objects.filter(rater=rater, used_at=None, revoked_at=None).update(revoked_at=now)
        issued = _issue(rater.study, now=now, days=days, label=rater.pseudonym, rater=rater)
        audit.record(rater.study, "link reissued", actor=actor, now=now, detail={"rater": rater.pseudonym})
    return issued


def revoke(invitation: Invitation, *, actor: str, now: datetime) -> bool:
    """Withdraw a link that nobody has used yet; False when it was too late."""
    with transaction.atomic():
        waiting = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
        if not waiting.update(revoked_at=now):
            return False
        audit.record(invitation.study, "link withdrawn", actor=actor, now=now, detail={"link": invitation.pk})
    return True


def find(token: str) -> Invitation:
    """The invitation of a link, in whatever state. Raises ``LinkRefused`` when no link ever read so."""
    invitation = Invitation.objects.select_related("study", "rater").filter(token_hash=hashed(token)).first()
    if invitation is None:
        raise LinkRefused(LinkProblem.UNKNOWN)
    return invitation


def refuse_unfit(invitation: Invitation, *, now: datetime) -> None:
    """Raise ``LinkRefused`` unless somebody may join with the invitation now."""
    problem = {
        InvitationState.USED: LinkProblem.USED,
        InvitationState.REVOKED: LinkProblem.REVOKED,
        InvitationState.EXPIRED: LinkProblem.EXPIRED,
        InvitationState.WAITING: None,
    }[state_of(invitation, now)]
    if invitation.study.state == StudyState.CLOSED:
        problem = LinkProblem.CLOSED
    if problem is not None:
        raise LinkRefused(problem)


def join(token: str, *, now: datetime) -> Rater:
    """Use a link; its rater, made now unless it was reissued for one. Of two browsers at once one gets in."""
    with transaction.atomic():
        invitation = find(token)
        Invitation.objects.select_for_update().get(pk=invitation.pk)
        invitation.refresh_from_db()
        refuse_unfit(invitation, now=now)
        rater = invitation.rater or add_rater(invitation.study, now=now)
        invitation.rater, invitation.used_at = rater, now
        invitation.save(update_fields=["rater", "used_at"])
        audit.record(invitation.study, "joined", actor=rater.pseudonym, now=now)
    return rater


def add_rater(study: Study, *, now: datetime, simulated: bool = False) -> Rater:
    """A rater under the study's next pseudonym (R1, R2 …), with the cursor every rater has."""
    with transaction.atomic():
        # The lock keeps two who join at once from getting one pseudonym.
        Study.objects.select_for_update(no_key=True).only("pk").get(pk=study.pk)
        number = Rater.objects.filter(study=study).count() + 1
        rater = Rater.objects.create(study=study, pseudonym=f"R{number}", simulated=simulated, joined_at=now)
        RaterCursor.objects.create(rater=rater)
    return rater


def hashed(token: str) -> str:
    """What is stored of a link. A plain hash suffices for 128 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def _issue(study: Study, *, now: datetime, days: int, label: str, rater: Rater | None = None) -> Issued:
    token = secrets.token_urlsafe(16)
    invitation = Invitation.objects.create(
        study=study,
        token_hash=hashed(token),
        label=label,
        created_at=now,
        expires_at=now + timedelta(days=days),
        rater=rater,
    )
    return Issued(invitation, token)


def _refuse_guests(study: Study) -> None:
    if study.simulated:
        raise StateRefused(f"The study “{study.name}” is judged by simulated raters only.")
    if Study.objects.filter(pk=study.pk, state=StudyState.CLOSED).exists():
        raise StateRefused(f"The study “{study.name}” is closed; nobody can be invited to it any more.")

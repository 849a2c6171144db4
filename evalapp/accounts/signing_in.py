"""One-time sign-in links: made for an account, good once and for a day, stored only as a hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction

from evalapp.models import Account, SignInLink
from evalapp.models.accounts import Role

VALID_FOR = timedelta(hours=24)


class LinkState(StrEnum):
    """Where a link stands at a moment."""

    GOOD = "good"
    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


def account_named(name: str, role: Role) -> Account:
    """The account of that name, made without a password if there was none. An existing one keeps its role."""
    account, made = Account.objects.get_or_create(username=name, defaults={"role": role})
    if made:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account


def issue_link(account: Account, *, now: datetime) -> str:
    """The secret of a fresh link; earlier unused links of the account stop working."""
    token = secrets.token_urlsafe(16)
    with transaction.atomic():
        account.sign_in_links.filter(used_at=None).delete()
        SignInLink.objects.create(account=account, token_hash=_hashed(token), expires_at=now + VALID_FOR)
    return token


def state_of(token: str, *, now: datetime) -> LinkState:
    """What would become of using the link now. Looking changes nothing."""
    link = SignInLink.objects.select_related("account").filter(token_hash=_hashed(token)).first()
    if link is None or not link.account.is_active:
        return LinkState.UNKNOWN
    if link.used_at is not None:
        return LinkState.USED
    return LinkState.EXPIRED if link.expires_at <= now else LinkState.GOOD


def use_link(token: str, *, now: datetime) -> Account | None:
    """Use the link up and return its account; None when it is not good. Of two at once one gets in."""
    link = SignInLink.objects.select_related("account").filter(token_hash=_hashed(token)).first()
    if link is None or not link.account.is_active:
        return None
    # One table only: a condition on the account would become a subquery, which a second update that waited
    # for the first does not look at again.
    unused = SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    return link.account if unused.update(used_at=now) == 1 else None


def _hashed(token: str) -> str:
    # A plain hash suffices for 128 random bits; a slow one protects guessable passwords.
    return hashlib.sha256(token.encode()).hexdigest()

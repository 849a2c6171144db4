"""A lease as text in a rater's page, signed for its rater: nobody submits from a seat never given to them."""

import uuid

from django.core import signing

from raters.rating.errors import LeaseUnknown
from raters.rating.leasing import Lease


def page_token(lease: Lease, *, rater_id: int) -> str:
    """What the page's form carries as ``lease_token``; it stays good after the lease has run out."""
    return _signer(rater_id).sign(f"{lease.seat_token}.{lease.token.hex}")


def lease_of(text: str, *, rater_id: int) -> Lease:
    """The lease in a form that was given to this rater. Raises ``LeaseUnknown`` for any other text."""
    try:
        seat_token, _, token = _signer(rater_id).unsign(text).rpartition(".")
        return Lease(seat_token, uuid.UUID(hex=token))
    except (signing.BadSignature, ValueError):
        raise LeaseUnknown("This page was not made for you, or is too old.") from None


def _signer(rater_id: int) -> signing.Signer:
    return signing.Signer(salt=f"raters.lease.{rater_id}")

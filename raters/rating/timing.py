"""Times of a judgment: the server's clock bounds what the browser reports. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

#: The longest active time a row can hold, in milliseconds (about 24 days).
MOST_ACTIVE_MS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Reported:
    """What the browser measured, in milliseconds; None without a script.

    ``opened_ms``: since the page was shown. ``first_action_ms``: from then to the rater's first act.
    ``active_ms``: while the page was in front and the rater not idle.
    """

    opened_ms: int | None = None
    first_action_ms: int | None = None
    active_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """The times that are stored: ``opened_at <= first_action_at <= submitted_at``."""

    opened_at: datetime
    first_action_at: datetime | None
    submitted_at: datetime
    active_ms: int | None


def milliseconds(text: str) -> int | None:
    """A form field as whole milliseconds; None for anything else. It never refuses."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def timing(reported: Reported, *, leased_at: datetime | None, now: datetime) -> Timing:
    """The times of a judgment submitted ``now`` from a seat leased at ``leased_at``.

    A comparison was opened when its seat was leased, however often its page was loaded since. Without that
    (the lease ran out and the seat was reopened) the browser's word is taken, else the moment of submitting.
    """
    shown_at = now - timedelta(milliseconds=reported.opened_ms) if reported.opened_ms is not None else None
    opened_at = min(leased_at or shown_at or now, now)
    first_action_at = None
    if shown_at is not None and reported.first_action_ms is not None:
        acted_at = shown_at + timedelta(milliseconds=reported.first_action_ms)
        first_action_at = min(max(acted_at, opened_at), now)
    active_ms = reported.active_ms
    if active_ms is not None:
        open_ms = int((now - opened_at) / timedelta(milliseconds=1))
        active_ms = min(active_ms, open_ms, MOST_ACTIVE_MS)
    return Timing(opened_at, first_action_at, now, active_ms)

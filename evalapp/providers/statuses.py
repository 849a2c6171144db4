"""What an HTTP status other than success means, and how long the endpoint asks us to wait."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from .errors import (
    ContentFiltered,
    InputTooLong,
    KeyRefused,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Redirected,
    RequestRefused,
    ServerFailed,
)

BY_CODE: dict[str, type[ProviderError]] = {
    "insufficient_quota": QuotaExhausted,
    "billing_hard_limit_reached": QuotaExhausted,
    "billing_not_active": QuotaExhausted,
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "context_length_exceeded": InputTooLong,
    "string_above_max_length": InputTooLong,
    "model_not_found": ModelMissing,
    "rate_limit_exceeded": RateLimited,
}
BY_STATUS: dict[int, type[ProviderError]] = {
    401: KeyRefused,
    402: QuotaExhausted,
    403: KeyRefused,
    404: ModelMissing,
    413: InputTooLong,
    429: RateLimited,
}
TRANSIENT_STATUSES = frozenset(
    {408, 409, 425}
)  # timed out or got in the way of another request: worth a retry
EXCERPT_CHARACTERS = 300

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
TRY_AGAIN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.IGNORECASE)


def status_error(status: int, headers: Mapping[str, str], raw: str, *, now: datetime) -> ProviderError:
    """The named error for a status from 300 to 599; `now` is the time against which dates are measured."""
    code, message = told(raw)
    about = f"the endpoint answered {status}: {message}" if message else f"the endpoint answered {status}"
    error = _kind(status, code, message)(
        about,
        raw=raw,
        http_status=status,
        retry_after_s=retry_after_s(headers, message, now=now),
        request_id=headers.get("x-request-id"),
    )
    error.may_be_billed = False
    return error


def told(raw: str) -> tuple[str, str]:
    """The error code and message inside a body, in the forms endpoints use; the message is an excerpt of the
    body when there is no such form."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "", " ".join(raw.split())[:EXCERPT_CHARACTERS]
    inner = value.get("error", value) if isinstance(value, dict) else value
    if isinstance(inner, dict):
        code = inner.get("code") or inner.get("type") or ""
        message = inner.get("message") or inner.get("detail") or ""
        return str(code), str(message)[:EXCERPT_CHARACTERS]
    return "", str(inner)[:EXCERPT_CHARACTERS]


def _kind(status: int, code: str, message: str) -> type[ProviderError]:
    named = BY_CODE.get(code) or BY_STATUS.get(status)
    if named is not None:
        return named
    if status < 400:
        return Redirected
    if status >= 500 or status in TRANSIENT_STATUSES:
        return ServerFailed
    return InputTooLong if "maximum context length" in message else RequestRefused


def retry_after_s(headers: Mapping[str, str], message: str = "", *, now: datetime) -> float | None:
    """Seconds the endpoint asks us to wait, or None when it does not say.

    Read in this order: `retry-after-ms`; `retry-after` as seconds or as an HTTP date; the reset time of an
    exhausted `x-ratelimit-…` limit, such as 1s, 6m0s or 20ms; “try again in 1.5s” in the message. A wait that
    lies in the past is 0. Header names are expected in lower case or in a case-insensitive mapping.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    if given is not None:
        seconds = _number(given)
        return seconds if seconds is not None else _until(given, now)
    waits = [
        _duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if _number(headers.get(f"x-ratelimit-remaining-{what}")) == 0
    ]
    known = [wait for wait in waits if wait is not None]
    if known:
        return max(known)
    found = TRY_AGAIN.search(message)
    return _duration(found[1]) if found else None


def _number(given: str | None) -> float | None:
    """A finite number, at least 0; None when it is none."""
    if given is None:
        return None
    try:
        number = float(given)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(given: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(given)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        # RFC 9110 dates are GMT; a date with the zone -0000 is parsed without one.
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _duration(given: str) -> float | None:
    """Seconds of a duration such as 6m0s, 1.5s or 20ms; None when it is none."""
    parts = DURATION.findall(given)
    if not parts or "".join(number + unit for number, unit in parts) != given.strip():
        return None
    return sum(float(number) * SECONDS_PER_UNIT[unit] for number, unit in parts)

"""How long an endpoint asks us to wait, in all the forms in which endpoints say so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from evalapp.providers.statuses import retry_after_s, status_error, told
from tests.providers.asking import failure
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

WAITS: list[tuple[dict[str, str], str, float | None]] = [
    ({"retry-after": "7"}, "", 7.0),
    ({"retry-after": "0.25"}, "", 0.25),
    ({"retry-after": "-3"}, "", 0.0),
    ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT"}, "", 30.0),
    ({"retry-after": "Sun, 01 Mar 2026 13:00:30 +0100"}, "", 30.0),
    ({"retry-after": "Sunday, 01-Mar-26 12:01:00 GMT"}, "", 60.0),
    ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT"}, "", 0.0),
    ({"retry-after": "soon"}, "", None),
    ({"retry-after": "nan"}, "", None),
    ({"retry-after": "inf"}, "", None),
    ({"retry-after-ms": "1500"}, "", 1.5),
    ({"retry-after-ms": "1500", "retry-after": "9"}, "", 1.5),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, "", 360.0),
    ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, "", 0.02),
    (
        {
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-tokens": "1m2.5s",
        },
        "",
        62.5,
    ),
    ({"x-ratelimit-remaining-requests": "5", "x-ratelimit-reset-requests": "6m0s"}, "", None),
    ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "later"}, "", None),
    ({}, "Rate limit reached. Please try again in 1.5s. Visit our site.", 1.5),
    ({}, "Please try again in 1m30s.", 90.0),
    ({}, "Please try again later.", None),
    ({}, "", None),
]


@pytest.mark.parametrize(("headers", "message", "seconds"), WAITS)
def test_every_form_of_a_wait_is_understood(
    headers: dict[str, str], message: str, seconds: float | None
) -> None:
    assert retry_after_s(headers, message, now=NOW) == seconds


def test_a_wait_reaches_the_caller_through_the_real_client(running: OpenAIServer) -> None:
    running.next(
        behaviours.too_many({"Retry-After": "7"}),
        behaviours.too_many({"Retry-After-Ms": "20"}),
        behaviours.too_many(message="Please try again in 6s."),
        behaviours.failing(503, "overloaded", headers={"Retry-After": "3"}),
    )
    assert [failure(running).retry_after_s for _ in range(4)] == [7.0, 0.02, 6.0, 3.0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ('{"error": {"code": "c", "message": "m"}}', ("c", "m")),
        ('{"error": {"type": "t", "message": "m"}}', ("t", "m")),
        ('{"error": "it broke"}', ("", "it broke")),
        ('{"detail": "Not Found"}', ("", "Not Found")),
        ("<html>\n  nginx</html>", ("", "<html> nginx</html>")),
        ("", ("", "")),
    ],
)
def test_what_an_endpoint_says_is_found_in_every_form(raw: str, expected: tuple[str, str]) -> None:
    assert told(raw) == expected


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status_has_a_named_error(status: int) -> None:
    error = status_error(status, {}, "", now=NOW)
    assert type(error).__name__ != "ProviderError"
    assert error.http_status == status

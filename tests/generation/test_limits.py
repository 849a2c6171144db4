"""Requests and tokens per minute, held by all workers together; a twin that shares nothing exceeds them."""

import asyncio
import time
from collections.abc import Callable

import pytest

from evalapp.generation.limits import BURST_SHARE, Limits
from evalapp.models import Endpoint

SECONDS = 2.0
PER_MINUTE = 600
#: What a bucket that began full lets through in that time, and one place for the moment of the last look.
MOST = PER_MINUTE * BURST_SHARE + PER_MINUTE * (1 - BURST_SHARE) * SECONDS / 60 + 1


async def _let_through(limits: list[Limits], *, tokens: int) -> int:
    """How many requests so many workers get through, each asking as fast as it can."""
    passed = 0
    until = time.monotonic() + SECONDS

    async def ask(each: Limits) -> None:
        nonlocal passed
        while True:
            await each.wait(tokens)
            if time.monotonic() > until:
                return
            passed += 1

    await asyncio.gather(*(ask(each) for each in limits for _ in range(4)))
    for each in limits:
        each.close()
    return passed


def endpoint(**allowances: int) -> Endpoint:
    return Endpoint(pk=1, name="limited", **allowances)


def test_several_workers_together_keep_within_the_requests_per_minute(redis_url: str) -> None:
    limits = [Limits(endpoint(requests_per_minute=PER_MINUTE), redis_url) for _ in range(3)]
    passed = asyncio.run(_let_through(limits, tokens=1))
    assert PER_MINUTE * BURST_SHARE <= passed <= MOST


def test_several_workers_together_keep_within_the_tokens_per_minute(redis_url: str) -> None:
    limits = [Limits(endpoint(tokens_per_minute=PER_MINUTE * 10), redis_url) for _ in range(3)]
    passed = asyncio.run(_let_through(limits, tokens=10))
    assert PER_MINUTE * BURST_SHARE <= passed <= MOST


def test_workers_who_share_nothing_exceed_it(redis_url: str) -> None:
    number = int(redis_url.rpartition("=")[2]) if "db=" in redis_url else int(redis_url.rpartition("/")[2])
    apart: Callable[[int], str] = lambda step: redis_url[: -len(str(number))] + str(number + 20 + step)  # noqa: E731
    limits = [Limits(endpoint(requests_per_minute=PER_MINUTE), apart(step)) for step in range(3)]
    assert asyncio.run(_let_through(limits, tokens=1)) > MOST


def test_with_redis_away_a_process_keeps_within_the_allowance_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    limits = [Limits(endpoint(requests_per_minute=PER_MINUTE), "unix:///nowhere/redis.sock")]
    passed = asyncio.run(_let_through(limits, tokens=1))
    assert PER_MINUTE * BURST_SHARE <= passed <= MOST
    assert "Redis is away" in caplog.text


def test_a_request_larger_than_the_bucket_goes_through_when_it_is_full(redis_url: str) -> None:
    limits = Limits(endpoint(tokens_per_minute=100), redis_url)
    asyncio.run(asyncio.wait_for(limits.wait(1_000_000), timeout=10))
    limits.close()

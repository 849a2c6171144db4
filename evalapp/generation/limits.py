"""Requests and tokens per minute, held across all workers of an endpoint by buckets in Redis."""

import asyncio
import logging
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from throttled import MemoryStore, RateLimiterType, RateLimitResult, RedisStore, Throttled, rate_limiter
from throttled.exceptions import StoreUnavailableError

from evalapp.models import Endpoint

logger = logging.getLogger(__name__)

#: A bucket holds this share of a minute's allowance and refills with the rest over the minute, so that no
#: minute, wherever it begins, sees more than the allowance.
BURST_SHARE = 0.1
#: No wait for a place is slept in one piece longer than this, in seconds, so that a pump notices its end.
LONGEST_NAP_S = 5.0


@dataclass(frozen=True, slots=True)
class _Bucket:
    """One allowance: how much a minute may hold, shared by name with all other workers."""

    shared: Throttled
    alone: Throttled
    most_at_once: int


class Limits:
    """The allowances of one endpoint; close it after use. Without any, waiting returns at once.

    With Redis away each process keeps within the allowance by itself rather than stand still: the endpoint's
    own "too many requests" is the last word then.
    """

    def __init__(self, endpoint: Endpoint, redis_url: str) -> None:
        self._requests = _bucket(endpoint, "requests", endpoint.requests_per_minute, redis_url)
        self._tokens = _bucket(endpoint, "tokens", endpoint.tokens_per_minute, redis_url)
        # The library's blocking client in a thread of its own: its connections need no loop to be closed.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="limits")

    @property
    def hold_anything(self) -> bool:
        """Whether the endpoint has any allowance at all."""
        return self._requests is not None or self._tokens is not None

    async def wait(self, tokens: int) -> None:
        """Return once a request of so many tokens may leave."""
        if self._requests is not None:
            await self._take(self._requests, 1)
        if self._tokens is not None:
            # A request larger than the bucket would wait for ever; it takes all there is instead.
            await self._take(self._tokens, max(1, min(tokens, self._tokens.most_at_once)))

    def close(self) -> None:
        """End the thread; nobody may be waiting any more."""
        self._thread.shutdown()

    async def _take(self, bucket: _Bucket, cost: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            result = await loop.run_in_executor(self._thread, _try, bucket, cost)
            if not result.limited:
                return
            # Whoever waits for the same place must not wake at the same moment.
            nap = result.state.retry_after * (1 + 0.2 * random.random())  # noqa: S311
            await asyncio.sleep(min(max(nap, 0.005), LONGEST_NAP_S))


def _bucket(endpoint: Endpoint, what: str, per_minute: int | None, redis_url: str) -> _Bucket | None:
    if per_minute is None:
        return None
    burst = max(1, int(per_minute * BURST_SHARE))
    quota = rate_limiter.per_min(max(1, per_minute - burst), burst=burst)
    key = f"endpoint:{endpoint.pk}:{what}"
    using = RateLimiterType.GCRA.value
    shared = Throttled(key=key, using=using, quota=quota, store=RedisStore(server=redis_url))
    alone = Throttled(key=key, using=using, quota=quota, store=MemoryStore())
    return _Bucket(shared, alone, burst)


def _try(bucket: _Bucket, cost: int) -> RateLimitResult:
    try:
        return bucket.shared.limit(cost=cost)
    except StoreUnavailableError:
        logger.warning("Redis is away; this process keeps within the allowance alone")
        return bucket.alone.limit(cost=cost)

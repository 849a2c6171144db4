"""Asks again when that can help, after waits that neither hurry an endpoint nor march in step."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable

from .errors import ProviderError
from .messages import Ask, ChatReply, ChatRequest

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
PATIENCE_S = 120.0
UNKNOWN_OUTCOMES = 2  # a request that may have been charged for without an answer is sent at most twice


def retrying(
    ask: Ask,
    *,
    attempts: int,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]],
    rng: random.Random,
    patience_s: float = PATIENCE_S,
) -> Ask:
    """An `ask` that tries up to `attempts` times and raises the last error when none succeeds.

    Permanent errors are raised at once. The wait before try n + 1 is drawn evenly from 0 to
    min(`LONGEST_WAIT_S`, `FIRST_WAIT_S` · 2^(n-1)), the "full jitter" of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/; when the endpoint named a wait,
    that wait comes on top. An error is raised rather than waited out when that would take the whole call
    past `patience_s` seconds by `clock`: whoever asked can put the work off better than a sleeping call can.
    """
    if attempts < 1:
        raise ValueError(f"attempts must be at least 1, not {attempts}")

    async def asked(request: ChatRequest) -> ChatReply:
        started = clock()
        unknown_outcomes = 0
        for attempt in range(1, attempts + 1):
            try:
                return await ask(request)
            except ProviderError as error:
                unknown_outcomes += error.may_be_billed
                if error.permanent or attempt == attempts or unknown_outcomes >= UNKNOWN_OUTCOMES:
                    raise
                longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
                wait = (error.retry_after_s or 0.0) + rng.uniform(0.0, longest)
                if clock() - started + wait > patience_s:
                    raise
            await sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    return asked

"""Raters who answer as fast as the server lets them. Run as a process of its own: port, cycles, raters."""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.load.browsing import Browser


@dataclass(frozen=True, slots=True)
class Pace:
    """``p95_ms``: from sending an answer to having the next comparison whole."""

    cycles_per_s: float
    p95_ms: float


async def drive(port: int, cycles: int, inside: Sequence[tuple[str, str]]) -> Pace:
    """Each rater answers ``cycles`` comparisons, all raters at once."""
    browsers = [Browser(port, {"sessionid": session}) for _, session in inside]
    leases = [await browser.get(page) for browser, (page, _) in zip(browsers, inside, strict=True)]
    took: list[float] = []

    async def rate(browser: Browser, page: str, lease: str) -> None:
        for _ in range(cycles):
            started = time.perf_counter()
            answer = await browser.post(page, {"lease_token": lease, "choice-overall": "left"})
            took.append(time.perf_counter() - started)
            assert answer.status == 200, answer
            assert answer.lease
            lease = answer.lease
        await browser.close()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for browser, (page, _), shown in zip(browsers, inside, leases, strict=True):
            assert shown.lease, shown
            group.create_task(rate(browser, page, shown.lease))
    wall_s = time.perf_counter() - started
    return Pace(len(took) / wall_s, 1_000 * statistics.quantiles(took, n=20)[-1])


if __name__ == "__main__":
    _, port, cycles, *pairs = sys.argv
    given = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in pairs]
    pace = asyncio.run(drive(int(port), int(cycles), given))
    print(json.dumps([pace.cycles_per_s, pace.p95_ms]))

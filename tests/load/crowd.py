"""Raters who double, abandon, come late and open two tabs, and what they were told."""

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from raters.invariants import violations
from raters.models import Judgment, Study
from raters.people.inviting import invite
from raters.rating.releasing import release_expired
from tests.load.browsing import Answered, Browser, Lost, enter

DOUBLED, ABANDONED, LATE = 0.20, 0.10, 0.05
TABS = 2
#: How often a rater asks again for a lost answer before giving up, and how long between, in seconds.
RETRIES, PAUSE_S = 600, 0.1


@dataclass
class Told:
    """What the clients were told: how often each status came, and which leases were accepted."""

    statuses: Counter[int] = field(default_factory=Counter)
    accepted: set[uuid.UUID] = field(default_factory=set)
    posted: set[uuid.UUID] = field(default_factory=set)
    doubled: int = 0
    lost: int = 0


def judge_all(study: Study, port: int, clients: int, *, seed: int = 1) -> Told:
    """Let the clients rate until nothing is left for any of them."""
    links = [each.token for each in invite(study, count=clients, actor="olga", now=timezone.now())]
    told = Told()
    asyncio.run(_together(port, links, told, seed))
    return told


async def _together(port: int, links: Sequence[str], told: Told, seed: int) -> None:
    entered = [await enter(port, f"/join/{link}/") for link in links]
    tabs = [
        _Tab(browser if tab == 0 else browser.tab(), page, told, random.Random(f"{seed} {number} {tab}"))
        for number, (browser, page) in enumerate(entered)
        for tab in range(TABS)
    ]
    async with asyncio.TaskGroup() as group:
        for tab in tabs:
            group.create_task(tab.rate())


@dataclass
class _Tab:
    browser: Browser
    page: str
    told: Told
    chance: random.Random

    async def rate(self) -> None:
        forgotten: list[str] = []
        shown = await self._get()
        while "Thank you" not in shown.text:
            lease = shown.lease
            if lease is None:
                # Everything left is out with others; what was abandoned comes back when its time is over.
                await asyncio.to_thread(_run_out)
                shown = await self._get()
                continue
            fate = self.chance.random()
            if fate < LATE:
                # Everybody's time runs out: whoever submits next is late, and seats change hands.
                await asyncio.to_thread(_run_out)
            if LATE <= fate < LATE + ABANDONED:
                forgotten.append(lease)
                await asyncio.to_thread(_run_out)
                shown = await self._get()
            else:
                shown = await self._submit(lease)
        for lease in forgotten:
            if self.chance.random() < 0.5:
                await self._submit(lease)
        await self.browser.close()

    async def _get(self) -> Answered:
        return await self._sure(None)

    async def _submit(self, lease: str) -> Answered:
        token = uuid.UUID(hex=lease[23:55])
        self.told.posted.add(token)
        fields = {
            "lease_token": lease,
            "choice-overall": self.chance.choice(["left", "right", "tie", "both_bad"]),
        }
        answer = await self._sure(fields)
        if answer.status == 200:
            self.told.accepted.add(token)
        if self.chance.random() < DOUBLED:
            self.told.doubled += 1
            answer = await self._sure(fields)
        return answer

    async def _sure(self, fields: dict[str, str] | None) -> Answered:
        for _ in range(RETRIES):
            try:
                if fields is None:
                    answer = await self.browser.get(self.page)
                else:
                    answer = await self.browser.post(self.page, fields)
            except Lost:
                self.told.lost += 1
                await asyncio.sleep(PAUSE_S)
                continue
            self.told.statuses[answer.status] += 1
            return answer
        raise AssertionError("the web server did not come back")


def _run_out() -> None:
    try:
        release_expired(now=timezone.now() + timedelta(days=1))
    finally:
        connection.close()


def assert_exactly_three(study: Study, told: Told, comparisons: int) -> None:
    """Three judgments each by three raters; nothing lost, nothing twice, all accepted ones stored."""
    assert set(told.statuses) == {200}, told.statuses
    judgments = Judgment.objects.filter(study=study, revision=0)
    counted = judgments.filter(status="counted")
    by_comparison = Counter(counted.values_list("seat__comparison", flat=True))
    assert len(by_comparison) == comparisons
    assert set(by_comparison.values()) == {3}
    assert len(set(counted.values_list("seat__comparison", "rater"))) == 3 * comparisons
    stored = list(judgments.values_list("lease_token", flat=True))
    assert len(stored) == len(set(stored))
    assert set(stored) == told.accepted
    assert list(violations()) == []

"""The product's Celery application with a guard taken away, or with a vice, as ALTERED names them.

A proof that a guard works is worth something only if the same test fails without the guard.
"""

import os
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta

import django
from django.utils import timezone

django.setup()

from config.celery import app  # noqa: E402 (Django must be set up before models are imported)
from evalapp.generation import claiming, ledger, lines  # noqa: E402
from evalapp.generation.clerk import Clerk  # noqa: E402
from evalapp.models import Generation  # noqa: E402
from evalapp.providers.messages import ChatReply, ChatRequest, Provider  # noqa: E402
from evalapp.providers.openai_compatible import OpenAICompatible  # noqa: E402

__all__ = ["app"]

POISON = "Question 7?"


def without_sweeper() -> None:
    """Nobody gives back what a dead worker held."""

    def look_away(*, settling: timedelta = claiming.LEASE) -> int:
        return 0

    claiming.reclaim_expired = look_away


def without_announcing() -> None:
    """Nobody rings again for what waits."""
    claiming.waiting_runs = list


def without_claim() -> None:
    """Look first, take later: what another took meanwhile is taken as well."""

    def look_and_take(
        run_id: int, *, most: int, ahead: int = 0, idle: bool = False
    ) -> list[claiming.Claimed]:
        waiting = Generation.objects.filter(run_id=run_id, state="pending").select_related("sample")
        found, token = list(waiting[:most]), uuid.uuid4()
        time.sleep(0.3)
        Generation.objects.filter(id__in=[each.pk for each in found]).update(
            state="running", lease_token=token, lease_until=timezone.now() + claiming.LEASE
        )
        return [claiming.Claimed(each.pk, 1, token, each.sample.payload) for each in found]

    claiming.claim = look_and_take


def without_isolation() -> None:
    """A sample that killed its worker is taken again together with others."""
    claiming.DEATHS_TO_SUSPECT = 99


class Answered:
    """A provider that gives the answer it was made with."""

    def __init__(self, reply: ChatReply) -> None:
        self._reply = reply

    async def __call__(self, request: ChatRequest) -> ChatReply:
        return self._reply

    async def aclose(self) -> None:
        """Nothing is open."""


def without_sent() -> None:
    """Requests are written down only after they were answered."""
    ledgered = lines.Line._call

    async def afterwards(
        self: lines.Line, clerk: Clerk, tally: lines.Tally, request: ChatRequest, try_number: int
    ) -> ChatReply:
        provider: Provider = self._provider
        reply = await provider(request)

        self._provider = Answered(reply)
        try:
            return await ledgered(self, clerk, tally, request, try_number)
        finally:
            self._provider = provider

    lines.Line._call = afterwards  # type: ignore[method-assign]


def without_reservation() -> None:
    """A request is let go while the money already spent is within the budget."""
    ledger._RESERVE = """
        UPDATE evalapp_run SET committed_usd = committed_usd + %(amount)s
        WHERE id = %(run)s AND (budget_usd IS NULL OR budget_usd >= (
            SELECT coalesce(sum(cost_usd), 0) FROM evalapp_apicall WHERE run_id = %(run)s
        ))
    """


def with_poison() -> None:
    """One question makes the process that asks it exit."""
    sound = OpenAICompatible.__call__

    async def asked(self: OpenAICompatible, request: ChatRequest) -> ChatReply:
        if request.messages[-1].content == POISON:
            os._exit(1)
        return await sound(self, request)

    OpenAICompatible.__call__ = asked  # type: ignore[method-assign]


ALTERATIONS: Mapping[str, Callable[[], None]] = {
    "without_sweeper": without_sweeper,
    "without_announcing": without_announcing,
    "without_claim": without_claim,
    "without_isolation": without_isolation,
    "without_sent": without_sent,
    "without_reservation": without_reservation,
    "with_poison": with_poison,
}

for name in os.environ.get("ALTERED", "").split():
    ALTERATIONS[name]()

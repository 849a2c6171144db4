"""Trying again: when it helps, when it must not be done, and how long one waits."""

from __future__ import annotations

import asyncio
import random

import pytest

from evalapp.providers.errors import (
    ConnectionFailed,
    KeyRefused,
    ModelMissing,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TimedOut,
)
from evalapp.providers.messages import Ask, ChatReply, ChatRequest, Message, Usage
from evalapp.providers.openai_compatible import OpenAICompatible
from evalapp.providers.retrying import retrying
from tests.providers.asking import KEY, REQUEST
from tests.servers import behaviours
from tests.servers.openai_server import Behaviour, OpenAIServer

REPLY = ChatReply(text="done", usage=Usage(1, 1), finish_reason="stop", latency_ms=1.0, model="small")


class Endpoint:
    """Gives these outcomes in order, counts the calls, and has a clock that only its own sleeps move."""

    def __init__(self, *outcomes: ProviderError | ChatReply) -> None:
        self._outcomes = list(outcomes)
        self.calls = 0
        self.slept_s: list[float] = []

    async def ask(self, request: ChatRequest) -> ChatReply:
        self.calls += 1
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    def clock(self) -> float:
        return sum(self.slept_s)

    def retrying(self, attempts: int = 5, seed: int = 1) -> Ask:
        return retrying(
            self.ask, attempts=attempts, clock=self.clock, sleep=self.sleep, rng=random.Random(seed)
        )

    def outcome(self, attempts: int = 5) -> ChatReply | ProviderError:
        async def once() -> ChatReply:
            return await self.retrying(attempts)(ChatRequest("small", (Message("user", "Hello"),)))

        try:
            return asyncio.run(once())
        except ProviderError as error:
            return error


def test_a_passing_trouble_is_waited_out() -> None:
    endpoint = Endpoint(ServerFailed("500"), RateLimited("429"), ConnectionFailed("none", sent=False), REPLY)
    assert endpoint.outcome() == REPLY
    assert endpoint.calls == 4


def test_the_last_error_is_raised_when_no_attempt_is_left() -> None:
    last = ServerFailed("third")
    endpoint = Endpoint(ServerFailed("first"), ServerFailed("second"), last, REPLY)
    assert endpoint.outcome(attempts=3) is last
    assert endpoint.calls == 3


@pytest.mark.parametrize("kind", [QuotaExhausted, KeyRefused, ModelMissing, RequestRefused])
def test_what_cannot_get_better_is_asked_once(kind: type[ProviderError]) -> None:
    endpoint = Endpoint(kind("no"), REPLY)
    assert isinstance(endpoint.outcome(), kind)
    assert (endpoint.calls, endpoint.slept_s) == (1, [])


def test_an_answer_that_may_have_been_charged_for_is_asked_for_at_most_twice() -> None:
    endpoint = Endpoint(TimedOut("first"), ServerFailed("500"), TimedOut("second"), REPLY)
    assert str(endpoint.outcome()) == "timed_out: second"
    assert endpoint.calls == 3


def test_waits_are_drawn_from_a_range_that_doubles_up_to_a_limit() -> None:
    longest = [0.5, 1, 2, 4, 8, 16, 30, 30]
    drawn: list[list[float]] = [[] for _ in longest]
    for seed in range(200):
        endpoint = Endpoint(*[ServerFailed("500")] * 9)
        ask = retrying(
            endpoint.ask,
            attempts=9,
            clock=lambda: 0.0,
            sleep=endpoint.sleep,
            rng=random.Random(seed),
        )
        with pytest.raises(ServerFailed):
            asyncio.run(_call(ask))
        for place, slept in enumerate(endpoint.slept_s):
            drawn[place].append(slept)
    for waits, most in zip(drawn, longest, strict=True):
        assert len(waits) == 200
        assert max(waits) <= most
        # Full jitter: spread over the whole range, not gathered at its end.
        assert min(waits) < 0.05 * most < 0.95 * most < max(waits)


async def _call(ask: Ask) -> ChatReply:
    return await ask(REQUEST)


def test_a_wait_the_endpoint_asks_for_is_never_cut_short() -> None:
    endpoint = Endpoint(RateLimited("429", retry_after_s=7.0), ServerFailed("503", retry_after_s=2.0), REPLY)
    assert endpoint.outcome() == REPLY
    first, second = endpoint.slept_s
    assert 7.0 <= first <= 7.5
    assert 2.0 <= second <= 3.0


def test_a_wait_beyond_patience_is_handed_back_instead_of_slept() -> None:
    endpoint = Endpoint(RateLimited("429", retry_after_s=3600.0), REPLY)
    outcome = endpoint.outcome()
    assert isinstance(outcome, RateLimited)
    assert (outcome.retry_after_s, endpoint.slept_s) == (3600.0, [])


def test_waits_repeat_with_the_generator() -> None:
    runs = []
    for _ in range(2):
        endpoint = Endpoint(ServerFailed("500"), ServerFailed("500"), REPLY)
        endpoint.outcome()
        runs.append(endpoint.slept_s)
    assert runs[0] == runs[1] != []


def test_no_attempt_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        retrying(Endpoint().ask, attempts=0, clock=lambda: 0.0, sleep=asyncio.sleep, rng=random.Random(1))


FAULTS: dict[str, tuple[list[Behaviour], str | None, int]] = {
    "an endpoint that recovers": ([behaviours.failing(500), behaviours.too_many(), behaviours.ok()], None, 3),
    "a quota that is used up": ([behaviours.out_of_quota(), behaviours.ok()], "quota_exhausted", 1),
    "a bad key": ([behaviours.bad_key(), behaviours.ok()], "key_refused", 1),
    "connections that drop": (
        [behaviours.HANG_UP, behaviours.HANG_UP, behaviours.ok()],
        "connection_failed",
        2,
    ),
    "answers that are cut": ([behaviours.body(b"{"), behaviours.body(b"{"), behaviours.ok()], "cut_json", 2),
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_real_server_is_asked_as_often_as_it_may_and_no_more(server: OpenAIServer, what: str) -> None:
    served, code, calls = FAULTS[what]
    assert _against(server, served, guarded=True) == (code, calls)


def test_without_the_guards_the_same_server_is_paid_more_often(server: OpenAIServer) -> None:
    paid = {what: _against(server, served, guarded=False)[1] for what, (served, _, _) in FAULTS.items()}
    allowed = {what: calls for what, (_, _, calls) in FAULTS.items()}
    assert [what for what in FAULTS if paid[what] > allowed[what]] == [
        "a quota that is used up",
        "a bad key",
        "connections that drop",
        "answers that are cut",
    ]


def _against(server: OpenAIServer, served: list[Behaviour], *, guarded: bool) -> tuple[str | None, int]:
    """The code of the error that came out, and how many requests the server saw."""
    before = server.count
    server.next(*served)

    async def at_once(seconds: float) -> None:
        del seconds

    async def asked() -> str | None:
        provider = OpenAICompatible(base_url=server.base_url, api_key=KEY)
        ask = retrying(provider, attempts=5, clock=lambda: 0.0, sleep=at_once, rng=random.Random(1))
        try:
            await (ask if guarded else _stubborn(provider))(REQUEST)
        except ProviderError as error:
            return error.code
        finally:
            await provider.aclose()
        return None

    code = asyncio.run(asked())
    seen = server.count - before
    server.forget()
    return code, seen


def _stubborn(ask: Ask) -> Ask:
    """Tries again whatever happened, as clients do that know nothing of the errors."""

    async def asked(request: ChatRequest) -> ChatReply:
        for _ in range(4):
            try:
                return await ask(request)
            except ProviderError:
                continue
        return await ask(request)

    return asked

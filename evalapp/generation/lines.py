"""A line to one model: each request is written into the ledger before it leaves, and its end after it."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import DatabaseError, OperationalError
from django.utils import timezone

from evalapp.generation import ledger
from evalapp.generation.clerk import Clerk
from evalapp.generation.entries import CallEnd, Sending, Unwritable, Withdrawn, Written
from evalapp.generation.limits import Limits
from evalapp.generation.places import Place
from evalapp.models import LanguageModel, Price, Run
from evalapp.models.generation import CallPurpose
from evalapp.providers import wire
from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import (
    Ask,
    ChatReply,
    ChatRequest,
    Provider,
    Usage,
    estimate_tokens,
    request_key,
)
from evalapp.providers.retrying import retrying
from evalapp.registry.prices import token_price
from evalapp.registry.pricing import cost_usd

#: Tries of one request inside one attempt at a sample; further attempts wait in the sample's row.
TRIES = 3
#: The worst case of an answer whose length the system does not limit, in output tokens.
UNLIMITED_OUTPUT_TOKENS = 16_384
#: What an answer of unlimited length is reckoned at towards tokens per minute.
LIKELY_OUTPUT_TOKENS = 512
#: No picture is billed at more input tokens than this by the providers known to us.
IMAGE_WORST_TOKENS = 50_000


@dataclass(slots=True)
class Tally:
    """What the calls for one generation (or one batch of them) came to, as they end.

    Its first request waits for ``place`` after it was written down and before it leaves.
    ``first_token_ms`` is the time to the first word of the first answer that stood; None when not streamed.
    """

    run_id: int
    generation_id: int | None
    purpose: CallPurpose
    shared_by: int = 1
    place: Place | None = None
    replies: list[ChatReply] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    cost_usd: Decimal = Decimal(0)
    first_token_ms: float | None = None

    @property
    def latency_ms(self) -> float | None:
        """The time during which at least one answered call was out; None when nothing was sent at all."""
        if not self.spans:
            return None
        total, reached = 0.0, float("-inf")
        for start, end in sorted(self.spans):
            total += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return total

    @property
    def usage(self) -> Usage:
        """Tokens of all answered calls."""
        return Usage(
            input_tokens=sum(each.usage.input_tokens for each in self.replies),
            output_tokens=sum(each.usage.output_tokens for each in self.replies),
            cached_input_tokens=sum(each.usage.cached_input_tokens for each in self.replies),
            estimated=any(each.usage.estimated for each in self.replies),
        )


class Line:
    """A model, its provider and its prices, as one pump uses them."""

    def __init__(
        self, *, run: Run, model: LanguageModel, prices: list[Price], provider: Provider, limits: Limits
    ) -> None:
        self.model = model
        self._limits = limits
        self._run = run
        self._prices = sorted(prices, key=lambda price: price.valid_from, reverse=True)
        self._provider = provider

    def ask(self, clerk: Clerk, tally: Tally) -> Ask:
        """An `Ask` whose calls are ledgered, priced, retried, and added to ``tally``."""
        tries: Counter[int] = Counter()

        async def once(request: ChatRequest) -> ChatReply:
            tries[request.step] += 1
            return await self._call(clerk, tally, request, tries[request.step])

        return retrying(
            once,
            attempts=TRIES,
            clock=time.monotonic,
            sleep=asyncio.sleep,
            rng=random.Random(),  # noqa: S311
        )

    async def _call(self, clerk: Clerk, tally: Tally, request: ChatRequest, try_number: int) -> ChatReply:
        price = self._price_now()
        base_url = self.model.endpoint.base_url
        body = wire.body_text(wire.logged_body(request, base_url))
        has_pictures = any(not isinstance(message.content, str) for message in request.messages)
        sent = wire.body_text(wire.sent_body(request, base_url)) if has_pictures else body
        reserved = cost_usd(worst_usage(request, body), token_price(price))
        key = request_key(self.model.endpoint.name, request)
        if self._limits.hold_anything and (
            self._run.measured or not await clerk.run(ledger.is_answered, key)
        ):
            await self._limits.wait(likely_tokens(request, body))
        ticket = await clerk.send(
            Sending(
                run_id=tally.run_id,
                generation_id=tally.generation_id,
                purpose=tally.purpose,
                model_id=self.model.pk,
                price_id=price.pk,
                step=request.step,
                try_number=try_number,
                shared_by=tally.shared_by,
                request_key=key,
                request=body,
                request_sha256=wire.checksum(sent),
                reserved_usd=reserved,
                reusable=not self._run.measured,
            )
        )
        if ticket.stored is not None:
            tally.replies.append(ticket.stored)
            return ticket.stored
        if tally.place is not None:
            try:
                await tally.place.take()
            except asyncio.CancelledError:
                _ended(clerk, CallEnd(ticket.call_id, Decimal(0), Withdrawn()), reserved)
                raise
        started = time.perf_counter()
        try:
            reply = await self._provider(request)
        except ProviderError as error:
            paid = cost_of_failure(error, price, reserved)
            _ended(clerk, CallEnd(ticket.call_id, paid, error), reserved)
            tally.cost_usd += paid
            raise
        paid = cost_usd(reply.usage, token_price(price))
        _ended(clerk, CallEnd(ticket.call_id, paid, reply), reserved)
        tally.replies.append(reply)
        tally.spans.append((started * 1000, started * 1000 + reply.latency_ms))
        tally.cost_usd += paid
        return reply

    def _price_now(self) -> Price:
        today = timezone.now().date()
        return next(price for price in self._prices if price.valid_from <= today)


def likely_tokens(request: ChatRequest, body: str) -> int:
    """What a request will probably count towards tokens per minute: its text and the room for its answer."""
    return estimate_tokens(body) + (request.sampling.max_tokens or LIKELY_OUTPUT_TOKENS)


def worst_usage(request: ChatRequest, body: str) -> Usage:
    """No tokenizer makes more tokens than bytes, so the body's bytes bound the input from above."""
    pictures = sum(
        not isinstance(message.content, str) and sum(hasattr(part, "data") for part in message.content)
        for message in request.messages
    )
    text_bytes = len(body.encode("utf-8", "replace"))
    return Usage(
        input_tokens=text_bytes + pictures * IMAGE_WORST_TOKENS,
        output_tokens=request.sampling.max_tokens or UNLIMITED_OUTPUT_TOKENS,
    )


def cost_of_failure(error: ProviderError, price: Price, reserved: Decimal) -> Decimal:
    """What the endpoint says it counted; else the worst case if it may have billed; else nothing."""
    if error.usage is not None:
        return cost_usd(error.usage, token_price(price))
    return reserved if error.may_be_billed else Decimal(0)


def _ended(clerk: Clerk, end: CallEnd, reserved_usd: Decimal) -> None:
    """Queue an end without waiting: it is committed before, or together with, whatever follows it.

    An end that the database refuses is written as one that could not be, at its worst cost, so that no call
    stays open.
    """

    def look(future: asyncio.Future[Written]) -> None:
        # A lost database fails the entry that follows as well, and that one is awaited.
        problem = None if future.cancelled() else future.exception()
        if isinstance(problem, DatabaseError) and not isinstance(problem, OperationalError):
            instead = Unwritable(f"The database refused what came back: {problem}")
            clerk.put(CallEnd(end.call_id, reserved_usd, instead)).add_done_callback(_retrieve)

    clerk.put(end).add_done_callback(look)


def _retrieve(future: asyncio.Future[Written]) -> None:
    if not future.cancelled():
        future.exception()

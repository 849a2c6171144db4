"""What a run would send, cost and take, before anything is sent."""

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from django.conf import settings
from django.utils import timezone

from evalapp.generation.experience import experience_of, stored_among, trip_rate_of
from evalapp.generation.lines import LIKELY_OUTPUT_TOKENS, UNLIMITED_OUTPUT_TOKENS, worst_usage
from evalapp.generation.planning import MEASURED_CALLS, WARMUP_CALLS, RunRefused, check_askable
from evalapp.generation.preparing import rule_of, with_images
from evalapp.generation.rehearsing import Rehearsed, rehearse
from evalapp.kinds import KINDS
from evalapp.kinds.base import Payload
from evalapp.models import LanguageModel, Sample, System, TaskSet
from evalapp.providers import wire
from evalapp.providers.messages import Usage, request_key
from evalapp.registry import connecting
from evalapp.registry.prices import price_on, token_price
from evalapp.registry.pricing import TokenPrice, cost_usd

#: So many samples are looked at, spread evenly over the task set; of pictures fewer, since they are large.
SAMPLES_LOOKED_AT = 200
PICTURES_LOOKED_AT = 20
#: How long an answer is taken to need where no earlier one says so: before its first token, and for each.
BEFORE_FIRST_TOKEN_S = 0.5
PER_TOKEN_S = 0.015
COST_STEP = Decimal("0.000000001")

Budget = Literal["none", "holds", "may be reached", "too small"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One system's run, estimated from ``looked_at`` of its ``samples`` and scaled up.

    Each ``_most`` is what it cannot go beyond unless requests are tried again: every answer as long as
    allowed and every sample falling back. ``stored_calls`` of the ``calls`` have a stored answer and cost
    nothing. ``seconds`` is None where there is nothing to ask. ``problems`` keep the run from starting.
    """

    system: str
    concurrency: int = 0
    samples: int = 0
    looked_at: int = 0
    calls: int = 0
    stored_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    output_tokens_most: int = 0
    cost_usd: Decimal = Decimal(0)
    cost_most_usd: Decimal = Decimal(0)
    seconds: float | None = None
    budget: Budget = "none"
    notes: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def estimate(
    *,
    task_set: TaskSet,
    system: System,
    measured: bool = False,
    warmup_calls: int = WARMUP_CALLS,
    limit: int | None = None,
    budget_usd: Decimal | None = None,
    concurrency: int | None = None,
) -> Estimate:
    """The estimate of one run, planned as `plan_run` would; what speaks against it is in its problems."""
    try:
        check_askable(system)
    except (RunRefused, connecting.NotReachable) as problem:
        return Estimate(system.name, problems=(str(problem),))
    return _Estimating(task_set, system, measured=measured, concurrency=concurrency).estimate(
        warmup_calls=warmup_calls if measured else 0, limit=limit, budget_usd=budget_usd
    )


class _Estimating:
    """One estimate in the making."""

    def __init__(self, task_set: TaskSet, system: System, *, measured: bool, concurrency: int | None) -> None:
        if system.model is None:
            raise TypeError("a system without a model is refused before it is estimated")
        self._task_set, self._system, self._model = task_set, system, system.model
        self._kind = KINDS[task_set.kind]
        self._measured = measured
        self._places = concurrency or (
            1 if measured else (self._model.endpoint.concurrency or settings.GENERATION_CONCURRENCY)
        )
        self._settings = connecting.settings_of(
            connecting.configuration_of(system), self._model, streamed=False
        )
        if rule_of(system.fallback_rule).wants_logprobs:
            self._settings = replace(self._settings, logprobs=True)
        self._earlier = experience_of(system, self._model, task_set.kind)
        self._notes: list[str] = []

    def estimate(self, *, warmup_calls: int, limit: int | None, budget_usd: Decimal | None) -> Estimate:
        wanted = self._wanted(limit)
        payloads = self._payloads(min(wanted, self._task_set.sample_count))
        if not payloads:
            return Estimate(self._system.name, problems=("The task set has no samples.",))
        likely = self._likely_output()
        size = min(self._kind.batch_size, self._places) if self._measured else self._kind.batch_size
        rehearsed = asyncio.run(
            rehearse(self._kind, payloads, self._settings, batch_size=size, output_tokens=likely)
        )
        factor = (wanted + warmup_calls) / len(payloads)
        keys = [request_key(self._model.endpoint.name, each.request) for each in rehearsed]
        known = set() if self._measured else stored_among(set(keys))
        to_pay = [each for each, key in zip(rehearsed, keys, strict=True) if key not in known]
        stored = len(rehearsed) - len(to_pay)
        cost, most = self._costs(rehearsed, to_pay)
        scale = Decimal(wanted + warmup_calls) / len(payloads)
        cost, most = (cost * scale).quantize(COST_STEP), (most * scale).quantize(COST_STEP)
        calls = math.ceil(len(rehearsed) * factor)
        inputs = math.ceil(sum(each.input_tokens for each in rehearsed) * factor)
        outputs = math.ceil(sum(each.output_tokens for each in rehearsed) * factor)
        return Estimate(
            system=self._system.name,
            concurrency=self._places,
            samples=wanted,
            looked_at=len(payloads),
            calls=calls,
            stored_calls=math.floor(stored * factor),
            input_tokens=inputs,
            output_tokens=outputs,
            output_tokens_most=calls * self._most_output(),
            cost_usd=cost,
            cost_most_usd=most,
            seconds=self._seconds(calls - stored * factor, inputs + outputs, outputs / calls),
            budget=self._budget(to_pay, budget_usd, cost, most),
            notes=tuple(self._notes),
            suggestions=tuple(self._suggestions(payloads)),
        )

    def _wanted(self, limit: int | None) -> int:
        if self._measured:
            return limit or MEASURED_CALLS
        return min(limit or self._task_set.sample_count, self._task_set.sample_count)

    def _payloads(self, available: int) -> Sequence[Payload]:
        """Samples spread evenly over those to be asked, in whole batches; pictures with their bytes."""
        is_pictures = self._kind.name == "caption"
        count = min(available, PICTURES_LOOKED_AT if is_pictures else SAMPLES_LOOKED_AT)
        if self._kind.batch_size < count < available:
            count -= count % self._kind.batch_size
        places = [number * available // count for number in range(count)]
        rows = Sample.objects.filter(task_set=self._task_set, position__in=places).order_by("position")
        payloads = list(rows.values_list("payload", flat=True))
        return with_images(payloads) if is_pictures else payloads

    def _likely_output(self) -> int:
        most = self._settings.sampling.max_tokens
        if self._earlier is not None:
            others = f"{self._earlier.calls:,} earlier ones {self._earlier.whose}"
            self._notes.append(f"Answers are taken to be as long as {others}.")
            mean = max(1, round(self._earlier.output_tokens))
            return min(mean, most) if most else mean
        if most:
            self._notes.append("Answers are taken to be as long as allowed: there are no earlier ones.")
            return most
        likely = LIKELY_OUTPUT_TOKENS
        self._notes.append(
            f"Answers are taken to have {likely} tokens: there are no earlier ones, and no limit."
        )
        return LIKELY_OUTPUT_TOKENS

    def _most_output(self) -> int:
        return self._settings.sampling.max_tokens or UNLIMITED_OUTPUT_TOKENS

    def _costs(self, rehearsed: Sequence[Rehearsed], to_pay: Sequence[Rehearsed]) -> tuple[Decimal, Decimal]:
        """Likely and highest cost of the rehearsed requests, of which some are still to be paid."""
        first = _price(self._model)
        cost = sum((_cost(each, each.output_tokens, first) for each in to_pay), Decimal(0))
        most = sum((_cost(each, self._most_output(), first) for each in to_pay), Decimal(0))
        if self._system.fallback_model is None:
            return cost, most
        second = _price(self._system.fallback_model)
        all_again = sum((_cost(each, each.output_tokens, second) for each in rehearsed), Decimal(0))
        most += sum((_cost(each, self._most_output(), second) for each in rehearsed), Decimal(0))
        rate = trip_rate_of(self._system, self._task_set.kind)
        name = self._system.fallback_model.name
        if rate is None:
            self._notes.append(f"How often {name} will serve is not known yet; only the most includes it.")
            return cost, most
        self._notes.append(f"{name} is taken to serve {rate:.1%} of the samples, as in earlier runs.")
        return cost + all_again * Decimal(rate), most

    def _seconds(self, calls: float, tokens: int, output_each: float) -> float:
        endpoint = self._model.endpoint
        spans = [calls * self._latency_s(output_each) / self._in_flight()]
        if endpoint.requests_per_minute:
            spans.append(60 * calls / endpoint.requests_per_minute)
        if endpoint.tokens_per_minute:
            spans.append(60 * tokens / endpoint.tokens_per_minute)
        if max(spans) > spans[0]:
            self._notes.append("The time is what the endpoint's limits per minute leave.")
        return max(spans)

    def _in_flight(self) -> int:
        return self._places if self._kind.batch_size == 1 or not self._measured else 1

    def _latency_s(self, output_each: float) -> float:
        if self._earlier is not None:
            return self._earlier.latency_ms / 1000
        self._notes.append(
            f"The time is a guess, with no earlier answers: {BEFORE_FIRST_TOKEN_S:g} s for each request and "
            f"{PER_TOKEN_S * 1000:g} ms for each of its output tokens."
        )
        return BEFORE_FIRST_TOKEN_S + PER_TOKEN_S * output_each

    def _budget(
        self, to_pay: Sequence[Rehearsed], budget_usd: Decimal | None, cost: Decimal, most: Decimal
    ) -> Budget:
        if budget_usd is None:
            return "none"
        aside = max((self._set_aside(each) for each in to_pay), default=Decimal(0))
        if budget_usd < aside:
            self._notes.append(
                f"Before a request is sent, up to {aside:.4f} USD are set aside for it: more than the budget."
            )
        if budget_usd < max(cost, aside):
            return "too small"
        return "holds" if budget_usd >= max(most, aside) else "may be reached"

    def _set_aside(self, each: Rehearsed) -> Decimal:
        body = wire.body_text(wire.logged_body(each.request, self._model.endpoint.base_url))
        return cost_usd(worst_usage(each.request, body), _price(self._model))

    def _suggestions(self, payloads: Sequence[Payload]) -> list[str]:
        temperature = self._system.temperature
        one_answer = self._kind.name in {"classify", "code"} or (
            self._kind.name == "qa" and any(payload.get("reference") for payload in payloads)
        )
        if not one_answer or temperature == 0:
            return []
        now = "the endpoint decides the temperature" if temperature is None else f"it is {temperature:g} here"
        steadier = "A temperature of 0 gives steadier answers, which can be used again and compared"
        return [f"{steadier}: these tasks have a right answer, and {now}."]


def _price(model: LanguageModel) -> TokenPrice:
    price = price_on(model, timezone.now().date())
    if price is None:
        raise TypeError("a model without a price is refused before it is estimated")
    return token_price(price)


def _cost(each: Rehearsed, output_tokens: int, price: TokenPrice) -> Decimal:
    return cost_usd(Usage(each.input_tokens, output_tokens), price)

"""From a kind's outcomes to the fields that end each generation, and to whether the whole run must halt."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from evalapp.generation.claiming import Claimed
from evalapp.generation.entries import BudgetHeld, GenerationEnd
from evalapp.generation.lines import Tally
from evalapp.kinds.base import Answer
from evalapp.models.generation import MOST_ATTEMPTS, GenerationState
from evalapp.providers.errors import ProviderError

#: The wait before the next attempt at a sample is drawn from 0 to this many seconds, doubled at each attempt.
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0
_COST_STEP = Decimal("0.000000000001")
_TOKENS = ("input_tokens", "cached_input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Again:
    """Samples that a second model was asked, by their places in the batch, and what its calls came to."""

    places: tuple[int, ...]
    tally: Tally


class Halt(Exception):
    """The run meets a fault that every further request would meet; ``reason`` is for the organiser."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ends_of(
    batch: Sequence[Claimed],
    outcomes: Sequence[Answer | Exception],
    checks: Sequence[Mapping[str, object] | None],
    tally: Tally,
    again: Again | None = None,
) -> tuple[list[GenerationEnd], Halt | None]:
    """One end per claimed generation, in order; the halt that an outcome calls for, if any.

    ``checks`` are the outcomes' own, in the same order; ``again`` is what the second model was asked after
    the whole batch had its outcomes.
    """
    halt = next(
        (
            Halt(each.message)
            for each in outcomes
            if isinstance(each, ProviderError) and each.stops != "nothing"
        ),
        None,
    )
    shares = _shares(tally, len(batch))
    if again is not None:
        for place, more in zip(again.places, _shares(again.tally, len(again.places)), strict=True):
            shares[place] = _added(shares[place], more)
    ends = []
    for claimed, outcome, found, share in zip(batch, outcomes, checks, shares, strict=True):
        if isinstance(outcome, Answer):
            fields = _answered(outcome, found) | share
        else:
            fields = _failed(claimed, outcome, halted=halt is not None)
        ends.append(GenerationEnd(claimed.generation_id, claimed.lease_token, fields))
    return ends, halt


def unwritable(end: GenerationEnd, problem: Exception) -> GenerationEnd:
    """What is written instead of an end that the database refuses."""
    fields: dict[str, object] = {
        "state": GenerationState.FAILED,
        "error": "unwritable",
        "error_message": f"The answer came but could not be written down: {problem}",
        "finished_at": timezone.now(),
    }
    return GenerationEnd(end.generation_id, end.lease_token, fields)


def _answered(answer: Answer, checks: Mapping[str, object] | None) -> dict[str, object]:
    refused = answer.refusal is not None
    return {
        "state": GenerationState.REFUSED if refused else GenerationState.DONE,
        "output": answer.output if not refused or answer.output else answer.refusal,
        "detail": dict(answer.detail),
        "checks": checks,
        "finish_reason": answer.finish_reason[:40],
        "served_by": (answer.served_by or "")[:200],
        "fallback_reason": (answer.fallback_reason or "")[:200],
        "error": "",
        "error_message": "",
        "finished_at": timezone.now(),
    }


def _failed(claimed: Claimed, problem: Exception, *, halted: bool) -> dict[str, object]:
    if isinstance(problem, ProviderError):
        code, message, permanent = problem.code, problem.message, problem.permanent
    else:
        code, message, permanent = "fault", f"{type(problem).__name__}: {problem}", True
    if halted and permanent:
        # The run stops and can be resumed once the cause is mended; the sample itself is not to blame.
        return {"state": GenerationState.PENDING, "attempt": claimed.attempt - 1, "error": code}
    if isinstance(problem, BudgetHeld):
        soon = timezone.now() + timedelta(seconds=1)
        return {"state": GenerationState.PENDING, "attempt": claimed.attempt - 1, "next_attempt_at": soon}
    if permanent or claimed.attempt >= MOST_ATTEMPTS:
        return {
            "state": GenerationState.FAILED,
            "error": code,
            "error_message": message,
            "finished_at": timezone.now(),
        }
    return {
        "state": GenerationState.PENDING,
        "error": code,
        "error_message": message,
        "next_attempt_at": timezone.now() + _wait(claimed.attempt, problem),
    }


def _wait(attempt: int, problem: Exception) -> timedelta:
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
    asked = getattr(problem, "retry_after_s", None) or 0.0
    return timedelta(seconds=min(LONGEST_WAIT_S, asked) + random.uniform(0, longest))  # noqa: S311 (jitter)


def _shares(tally: Tally, count: int) -> list[dict[str, object]]:
    """Each sample's part of the tally; whole tokens and exact costs that add up to the tally's."""
    usage = tally.usage
    tokens = {name: _split(getattr(usage, name), count) for name in _TOKENS}
    even = (tally.cost_usd / count).quantize(_COST_STEP)
    costs = [even] * (count - 1) + [tally.cost_usd - even * (count - 1)]
    return [
        {name: parts[place] for name, parts in tokens.items()}
        | {
            "cost_usd": costs[place],
            "latency_ms": tally.latency_ms,
            "first_token_ms": tally.first_token_ms,
        }
        for place in range(count)
    ]


def _added(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, object]:
    """What a sample came to that was asked a second time. Its first word came when the second model began."""
    total = {name: first[name] + second[name] for name in (*_TOKENS, "cost_usd")}
    waited, more = first["latency_ms"] or 0.0, second["latency_ms"]
    begun = second["first_token_ms"]
    return total | {
        "latency_ms": first["latency_ms"] if more is None else waited + more,
        "first_token_ms": None if begun is None else waited + begun,
    }


def _split(whole: int, count: int) -> list[int]:
    base, over = divmod(whole, count)
    return [base + (place < over) for place in range(count)]

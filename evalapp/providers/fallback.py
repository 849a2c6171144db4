"""Systems with a second model: a rule decides, answer by answer, whether the next one is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .errors import ContentFiltered, EmptyContent, ProviderError
from .messages import Ask, ChatReply, ChatRequest, JsonSchema, Sampling

REFUSING = re.compile(
    r"\W*(?:(?:i['’]m |i am )?sorry[,.]?\s+(?:but )?)?"
    r"i (?:can['’]?t|cannot|can not|am unable to|am not able to|won['’]?t|will not)\s+"
    r"(?:help|assist|answer|provide|comply|fulfil|continue|do that|discuss)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """When an answer is not good enough and the next model is asked.

    `pattern` is a regular expression that marks an answer as bad where it matches; `min_mean_logprob` marks
    those the model was less sure of; `json_schema` those that were to follow a schema and do not; `failure`
    calls that failed for good. `unknown_label` and `failed_tests` are about a sample's whole outcome and are
    applied by whoever has it. Raises ValueError for a pattern that is no regular expression.
    """

    refusal: bool = False
    truncation: bool = False
    empty: bool = False
    json_schema: bool = False
    unknown_label: bool = False
    failed_tests: bool = False
    failure: bool = False
    pattern: str | None = None
    min_mean_logprob: float | None = None

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern or "")
        except re.error as error:
            raise ValueError(f"{self.pattern!r} is not a regular expression: {error}") from None

    def reason(self, request: ChatRequest, outcome: ChatReply | ProviderError) -> str | None:
        """Why the next model should be asked; None when the outcome stands."""
        if isinstance(outcome, ProviderError):
            return self._failed(outcome)
        checks = (
            (self.refusal and _refused(outcome), "refusal"),
            (self.truncation and outcome.finish_reason == "length", "truncation"),
            (self.empty and not outcome.text.strip() and not outcome.refusal, "empty"),
            (self.json_schema and not follows(outcome.text, request.response_schema), "json schema"),
            (self.pattern is not None and re.search(self.pattern, outcome.text) is not None, "pattern"),
            (self._unsure(outcome), "low log-probability"),
        )
        return next((name for applies, name in checks if applies), None)

    @property
    def wants_logprobs(self) -> bool:
        """Whether the first model has to give log-probabilities for the rule to apply."""
        return self.min_mean_logprob is not None

    def _failed(self, error: ProviderError) -> str | None:
        # A missing key or an empty account is for people to mend, and must not quietly cost more elsewhere.
        if error.stops == "run":
            return None
        if isinstance(error, EmptyContent) and self.empty:
            return "empty"
        if isinstance(error, ContentFiltered) and self.refusal:
            return "refusal"
        return error.code if self.failure else None

    def _unsure(self, reply: ChatReply) -> bool:
        if self.min_mean_logprob is None or reply.mean_logprob is None:
            return False
        return reply.mean_logprob < self.min_mean_logprob


@dataclass(frozen=True, slots=True)
class Route:
    """One model a system may ask. `sampling` replaces the request's own when given."""

    name: str
    ask: Ask
    model: str
    sampling: Sampling | None = None

    def request(self, asked: ChatRequest) -> ChatRequest:
        return replace(asked, model=self.model, sampling=self.sampling or asked.sampling)


def fallback(routes: Sequence[Route], rule: Rule) -> Ask:
    """An `ask` that tries the routes in order until the rule lets an answer stand; the last one always does.

    The reply names the route that served it and, unless it was the first, the reason the first one did not.
    Every route's calls go through that route's own `ask`, so all of them are in the ledger.
    """
    if not routes:
        raise ValueError("a system needs at least one model")

    async def asked(request: ChatRequest) -> ChatReply:
        first_reason: str | None = None
        for route in routes[:-1]:
            outcome = await _outcome(route, request)
            reason = rule.reason(request, outcome)
            if reason is not None:
                first_reason = first_reason or reason
                continue
            if isinstance(outcome, ProviderError):
                raise outcome
            return replace(outcome, served_by=route.name, fallback_reason=first_reason)
        last = routes[-1]
        # Nothing is decided about the last model's answer, and some models refuse to give log-probabilities.
        asked_last = last.request(request if len(routes) == 1 else replace(request, logprobs=False))
        reply = await last.ask(asked_last)
        return replace(reply, served_by=last.name, fallback_reason=first_reason)

    return asked


async def _outcome(route: Route, request: ChatRequest) -> ChatReply | ProviderError:
    try:
        return await route.ask(route.request(request))
    except ProviderError as error:
        return error


def _refused(reply: ChatReply) -> bool:
    """Whether an answer declines: by the refusal field, or in the words models usually begin with."""
    return reply.refusal is not None or REFUSING.match(reply.text) is not None


def follows(text: str, schema: JsonSchema | None) -> bool:
    """Whether a text is JSON that satisfies the schema; without a schema any text does."""
    if schema is None:
        return True
    # Loaded here, since few systems have a rule that needs it.
    from jsonschema import Draft202012Validator

    try:
        return bool(Draft202012Validator(dict(schema.schema)).is_valid(json.loads(text)))
    except (ValueError, RecursionError):
        return False

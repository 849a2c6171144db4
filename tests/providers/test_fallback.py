"""Systems with a second model: when it is asked, and how the answer says so."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from evalapp.providers.errors import (
    ContentFiltered,
    EmptyContent,
    KeyRefused,
    ProviderError,
    RateLimited,
    ServerFailed,
)
from evalapp.providers.fallback import Route, Rule, fallback
from evalapp.providers.messages import Ask, ChatReply, ChatRequest, JsonSchema, Message, Sampling, Usage

REQUEST = ChatRequest("small", (Message("user", "Hello"),), sampling=Sampling(temperature=0.5))
GOOD = ChatReply(text="Fine.", usage=Usage(1, 1), finish_reason="stop", latency_ms=1.0, model="small")
EVERYTHING = Rule(
    refusal=True,
    truncation=True,
    empty=True,
    json_schema=True,
    pattern="as requested",
    min_mean_logprob=-1.0,
)


class Model:
    """Answers always the same and remembers what it was asked."""

    def __init__(self, outcome: ChatReply | ProviderError) -> None:
        self._outcome = outcome
        self.asked: list[ChatRequest] = []

    async def __call__(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        if isinstance(self._outcome, ProviderError):
            raise self._outcome
        return self._outcome


def routed(ask: Ask, request: ChatRequest = REQUEST) -> ChatReply:
    async def once() -> ChatReply:
        return await ask(request)

    return asyncio.run(once())


CASES: dict[str, tuple[ChatReply | ProviderError, str | None]] = {
    "a good answer": (GOOD, None),
    "a refusal by field": (replace(GOOD, text="", refusal="No."), "refusal"),
    "a refusal in words": (replace(GOOD, text="I'm sorry, but I can't help with that."), "refusal"),
    "another refusal in words": (replace(GOOD, text="Sorry, I cannot assist with this request."), "refusal"),
    "an apology that is no refusal": (replace(GOOD, text="I'm sorry for your loss. I can help."), None),
    "a withheld answer": (ContentFiltered("withheld"), "refusal"),
    "a cut answer": (replace(GOOD, finish_reason="length"), "truncation"),
    "a blank answer": (replace(GOOD, text=" \n"), "empty"),
    "no answer": (EmptyContent("nothing"), "empty"),
    "a marked answer": (replace(GOOD, text="Done as requested."), "pattern"),
    "an unsure answer": (replace(GOOD, mean_logprob=-1.5), "low log-probability"),
    "a sure answer": (replace(GOOD, mean_logprob=-0.5), None),
}


@pytest.mark.parametrize("what", CASES)
def test_the_rule_decides_who_serves_and_the_reply_says_so(what: str) -> None:
    outcome, reason = CASES[what]
    small, large = Model(outcome), Model(replace(GOOD, text="Better.", model="large"))
    ask = fallback([Route("small", small, "small"), Route("large", large, "large")], EVERYTHING)
    reply = routed(ask)
    if reason is None:
        assert isinstance(outcome, ChatReply)
        assert reply == replace(outcome, served_by="small")
        assert large.asked == []
    else:
        assert (reply.text, reply.served_by, reply.fallback_reason) == ("Better.", "large", reason)
        assert (len(small.asked), len(large.asked)) == (1, 1)


@pytest.mark.parametrize(
    "what", [what for what, (outcome, _) in CASES.items() if isinstance(outcome, ChatReply)]
)
def test_without_a_rule_every_answer_stands(what: str) -> None:
    large = Model(GOOD)
    reply = routed(
        fallback([Route("small", Model(_reply(what)), "small"), Route("large", large, "large")], Rule())
    )
    assert (reply.served_by, reply.fallback_reason, large.asked) == ("small", None, [])


def _reply(what: str) -> ChatReply:
    outcome = CASES[what][0]
    assert isinstance(outcome, ChatReply)
    return outcome


LABELS = JsonSchema(
    "labels",
    {
        "type": "object",
        "properties": {"label": {"type": "string", "enum": ["card", "cash"]}},
        "required": ["label"],
        "additionalProperties": False,
    },
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"label": "card"}', None),
        ('{"label": "cheque"}', "json schema"),
        ('{"label": "card", "sure": true}', "json schema"),
        ("[]", "json schema"),
        ('{"label": "ca', "json schema"),
        ("card", "json schema"),
        ("[" * 100_000, "json schema"),
    ],
)
def test_an_answer_that_breaks_its_schema_falls_back(text: str, reason: str | None) -> None:
    routes = [Route("small", Model(replace(GOOD, text=text)), "small"), Route("large", Model(GOOD), "large")]
    ask = fallback(routes, Rule(json_schema=True))
    assert routed(ask, replace(REQUEST, response_schema=LABELS)).fallback_reason == reason
    assert routed(ask).served_by == "small"


def test_log_probabilities_are_asked_of_the_model_that_is_held_to_them_only() -> None:
    small, large = Model(replace(GOOD, mean_logprob=-3.0)), Model(GOOD)
    routes = [Route("small", small, "small"), Route("large", large, "large")]
    routed(fallback(routes, Rule(min_mean_logprob=-1.0)), replace(REQUEST, logprobs=True))
    assert [each.logprobs for each in (*small.asked, *large.asked)] == [True, False]
    alone = Model(GOOD)
    routed(fallback([Route("only", alone, "only")], Rule()), replace(REQUEST, logprobs=True))
    assert alone.asked[0].logprobs


def test_each_route_is_asked_with_its_own_model_and_parameters() -> None:
    small, large = Model(replace(GOOD, text="")), Model(GOOD)
    routes = [Route("a", small, "small"), Route("b", large, "large", Sampling(max_tokens=9))]
    routed(fallback(routes, Rule(empty=True)))
    assert small.asked == [REQUEST]
    assert large.asked == [replace(REQUEST, model="large", sampling=Sampling(max_tokens=9))]


def test_the_first_reason_is_kept_over_several_steps() -> None:
    routes = [
        Route("a", Model(replace(GOOD, text="")), "a"),
        Route("b", Model(replace(GOOD, finish_reason="length")), "b"),
        Route("c", Model(replace(GOOD, finish_reason="length")), "c"),
    ]
    reply = routed(fallback(routes, EVERYTHING))
    assert (reply.served_by, reply.fallback_reason, reply.finish_reason) == ("c", "empty", "length")


def test_failures_fall_back_only_when_the_rule_says_so() -> None:
    large = Model(GOOD)
    routes = [Route("small", Model(RateLimited("429")), "small"), Route("large", large, "large")]
    with pytest.raises(RateLimited):
        routed(fallback(routes, EVERYTHING))
    assert routed(fallback(routes, Rule(failure=True))).fallback_reason == "rate_limited"


def test_trouble_that_people_must_mend_never_falls_back() -> None:
    large = Model(GOOD)
    routes = [Route("small", Model(KeyRefused("401")), "small"), Route("large", large, "large")]
    with pytest.raises(KeyRefused):
        routed(fallback(routes, Rule(failure=True)))
    assert large.asked == []


def test_a_failure_of_the_last_model_is_raised() -> None:
    routes = [Route("a", Model(replace(GOOD, text="")), "a"), Route("b", Model(ServerFailed("500")), "b")]
    with pytest.raises(ServerFailed):
        routed(fallback(routes, EVERYTHING))


def test_a_pattern_that_is_no_regular_expression_is_refused_before_any_call() -> None:
    with pytest.raises(ValueError, match="is not a regular expression"):
        Rule(pattern="(")


def test_a_system_without_a_model_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one model"):
        fallback([], Rule())

"""One tiny request to each model before a run: a bad key, model or parameter is found for next to nothing."""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone

from evalapp.generation.columns import cleaned
from evalapp.generation.entries import CallEnd
from evalapp.generation.lines import cost_of_failure, worst_usage
from evalapp.generation.planning import RunRefused, check_askable, models_of
from evalapp.generation.preparing import rule_of
from evalapp.generation.rows import ended
from evalapp.models import ApiCall, Endpoint, LanguageModel, Price, System
from evalapp.models.generation import CallPurpose, CallState
from evalapp.providers import wire
from evalapp.providers.errors import (
    ConnectionFailed,
    EmptyContent,
    KeyRefused,
    ModelMissing,
    NotRecorded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    Redirected,
    RequestRefused,
    TimedOut,
    WrongModel,
)
from evalapp.providers.messages import ChatReply, ChatRequest, Message, request_key
from evalapp.registry import connecting
from evalapp.registry.prices import price_on, token_price
from evalapp.registry.pricing import cost_usd

QUESTION = "Answer with the word OK."
#: Enough for the word, and little enough to cost next to nothing.
MOST_OUTPUT_TOKENS = 16
#: Nobody waits longer for a probe, in seconds, whatever the endpoint's own limit is.
LONGEST_S = 20.0

REMEDIES: dict[type[ProviderError], str] = {
    KeyRefused: "The key was refused. Check the variable that holds it, for the web server and the workers.",
    QuotaExhausted: "The account behind the key has no quota or money left.",
    ModelMissing: "The endpoint does not serve this model. Check its name in the models file.",
    RequestRefused: "The endpoint refuses the request. Check the system's parameters.",
    ConnectionFailed: "The endpoint cannot be reached. Check its address, and that it runs.",
    TimedOut: "The endpoint gave no answer in time.",
    RateLimited: "The endpoint has too many requests just now. Try again in a while.",
    Redirected: "The endpoint sends requests elsewhere, which is not followed. Check its address.",
    WrongModel: "Another model answered than was asked. Check its name in the models file.",
}
OTHER = "The endpoint did not answer as one that speaks Chat Completions."
NO_LOGPROBS = "The model gives no log-probabilities, so the system's rule on them would never apply."


@dataclass(frozen=True, slots=True)
class Probe:
    """How one model took a tiny request of a system; ``fault`` is "" when it answered as it should, else what
    is wrong and what to do."""

    system: str
    model: str
    fault: str = ""
    latency_ms: float | None = None
    cost_usd: Decimal = Decimal(0)


def probe(systems: Sequence[System]) -> list[Probe]:
    """Ask each model of each system once, with the system's own parameters; every request is in the ledger.

    Systems that would send the same share one request.
    """
    asked: dict[tuple[int, str], Probe] = {}
    found = []
    for system in systems:
        try:
            check_askable(system)
        except (RunRefused, connecting.NotReachable) as refusal:
            found.append(Probe(system.name, "", str(refusal)))
            continue
        for model in models_of(system):
            request = _request(system, model)
            key = (model.pk, wire.body_text(request.body()))
            asked[key] = asked.get(key) or _probed(system, model, request)
            found.append(replace(asked[key], system=system.name))
    return found


def _request(system: System, model: LanguageModel) -> ChatRequest:
    """The system's parameters around a question of a few words; its prompt may be long and is left out."""
    given = connecting.settings_of(connecting.configuration_of(system), model, streamed=False)
    most = min(given.sampling.max_tokens or MOST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS)
    wanted = model == system.model and rule_of(system.fallback_rule).wants_logprobs
    sampling = replace(given.sampling, max_tokens=most)
    return ChatRequest(model.name, (Message("user", QUESTION),), sampling, logprobs=wanted)


def _probed(system: System, model: LanguageModel, request: ChatRequest) -> Probe:
    price = price_on(model, timezone.now().date())
    if price is None:
        raise TypeError("a model without a price is refused before it is probed")
    call, reserved = _sent(model, price, request)
    outcome = asyncio.run(_outcome(model.endpoint, request))
    if isinstance(outcome, ChatReply):
        paid = cost_usd(outcome.usage, token_price(price))
    else:
        paid = cost_of_failure(outcome, price, reserved)
    fields = ended(CallEnd(call.pk, paid, outcome))
    del fields["id"]
    ApiCall.objects.filter(pk=call.pk).update(**{name: cleaned(value) for name, value in fields.items()})
    return Probe(system.name, str(model), _fault(request, outcome), outcome.latency_ms, paid)


def _sent(model: LanguageModel, price: Price, request: ChatRequest) -> tuple[ApiCall, Decimal]:
    body = wire.logged_body(request, model.endpoint.base_url)
    text = wire.body_text(body)
    reserved = cost_usd(worst_usage(request, text), token_price(price))
    call = ApiCall.objects.create(
        model=model,
        price=price,
        purpose=CallPurpose.PROBE,
        state=CallState.SENT,
        request_key=request_key(model.endpoint.name, request),
        request=body,
        request_sha256=wire.checksum(text),
        sent_at=timezone.now(),
        reserved_usd=reserved,
    )
    return call, reserved


async def _outcome(endpoint: Endpoint, request: ChatRequest) -> ChatReply | ProviderError:
    patient = copy.copy(endpoint)
    patient.timeout_s = min(endpoint.timeout_s, LONGEST_S)
    provider = connecting.provider_of(patient)
    try:
        return await provider(request)
    except ProviderError as error:
        return error
    finally:
        await provider.aclose()


def _fault(request: ChatRequest, outcome: ChatReply | ProviderError) -> str:
    if isinstance(outcome, ChatReply):
        return NO_LOGPROBS if request.logprobs and outcome.mean_logprob is None else ""
    if isinstance(outcome, EmptyContent | NotRecorded):
        # So few tokens can be spent on thinking alone, and a recording holds what it holds.
        return ""
    remedy = next((words for kind, words in REMEDIES.items() if isinstance(outcome, kind)), OTHER)
    return f"{remedy} ({outcome.message})"

"""What a pump needs to know of its run before it begins, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings

from evalapp.generation.claiming import is_in_turn
from evalapp.generation.clerk import Clerk
from evalapp.generation.environment import note_environment
from evalapp.generation.limits import Limits
from evalapp.generation.lines import Line, Tally
from evalapp.kinds import KINDS
from evalapp.kinds.base import Settings, TaskKind
from evalapp.models import Image, LanguageModel, Price, Run
from evalapp.models.generation import RunState
from evalapp.providers.fallback import Route, Rule, fallback
from evalapp.providers.messages import Ask, ChatReply, ChatRequest
from evalapp.registry import connecting


@dataclass(frozen=True, slots=True)
class Plan:
    """A running run and the models it may ask, its own first, each with its prices."""

    run: Run
    models: list[tuple[LanguageModel, list[Price]]]


def prepare(run_id: int) -> Plan | None:
    """Read a running run; None when it is not running or its turn in its series has not come.

    Raises `NotReachable` when a key is missing here.
    """
    run = (
        Run.objects.select_related("task_set", "system__model__endpoint", "system__fallback_model__endpoint")
        .filter(id=run_id, state=RunState.RUNNING)
        .first()
    )
    if run is None or not is_in_turn(run):
        return None
    models = [model for model in (run.system.model, run.system.fallback_model) if model is not None]
    for model in models:
        connecting.check_reachable(model.endpoint)
    note_environment(run, models)
    return Plan(run, [(model, list(model.prices.all())) for model in models])


class Work:
    """A plan with open lines to its models; made inside the event loop, closed after use."""

    def __init__(self, plan: Plan) -> None:
        self.run = plan.run
        self.kind: TaskKind = KINDS[plan.run.task_set.kind]
        self.settings: Settings = connecting.settings_of(
            plan.run.configuration, plan.models[0][0], streamed=plan.run.streamed
        )
        self.rule = rule_of(plan.run.configuration.get("fallback_rule"))
        if self.rule.wants_logprobs:
            self.settings = replace(self.settings, logprobs=True)
        self._providers = [connecting.provider_of(model.endpoint) for model, _ in plan.models]
        self._limits = [Limits(model.endpoint, settings.REDIS_URL) for model, _ in plan.models]
        self._lines = [
            Line(run=plan.run, model=model, prices=prices, provider=provider, limits=limits)
            for (model, prices), provider, limits in zip(
                plan.models, self._providers, self._limits, strict=True
            )
        ]

    @property
    def has_second_model(self) -> bool:
        """Whether the system has a model to fall back to."""
        return len(self._lines) > 1

    def ask(self, clerk: Clerk, tally: Tally) -> Ask:
        """The system's way to ask: its model, and the model it falls back to when its rule says so."""
        return _noted(fallback(self._routes(clerk, tally), self.rule), tally)

    def ask_second_model(self, clerk: Clerk, tally: Tally) -> Ask:
        """The way to the last model alone, for a sample whose first outcome will not do."""
        return _noted(fallback(self._routes(clerk, tally)[-1:], self.rule), tally)

    def _routes(self, clerk: Clerk, tally: Tally) -> list[Route]:
        return [Route(line.model.name, line.ask(clerk, tally), line.model.name) for line in self._lines]

    async def aclose(self) -> None:
        for provider in self._providers:
            await provider.aclose()
        for limits in self._limits:
            limits.close()


def _noted(ask: Ask, tally: Tally) -> Ask:
    """The same, noting how long the first word took, an answer that did not stand before it included."""

    async def noted(request: ChatRequest) -> ChatReply:
        came_before = len(tally.replies)
        reply = await ask(request)
        if came_before == 0 and tally.first_token_ms is None and reply.first_token_ms is not None:
            rejected = tally.replies[:-1] if reply.fallback_reason else []
            tally.first_token_ms = reply.first_token_ms + sum(each.latency_ms for each in rejected)
        return reply

    return noted


def with_images(payloads: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """The payloads, those with a picture completed by its bytes."""
    wanted = {digest for payload in payloads if (digest := _digest(payload))}
    data = (
        {image.sha256: bytes(image.data) for image in Image.objects.filter(sha256__in=wanted)}
        if wanted
        else {}
    )
    return [
        {**payload, "image_bytes": data[digest]} if (digest := _digest(payload)) else payload
        for payload in payloads
    ]


def _digest(payload: Mapping[str, object]) -> str | None:
    image = payload.get("image")
    return str(image["sha256"]) if isinstance(image, Mapping) else None


def rule_of(stored: object) -> Rule:
    """A system's rule as a run or a system keeps it; the one that never applies when there is none."""
    return Rule(**stored) if isinstance(stored, dict) else Rule()

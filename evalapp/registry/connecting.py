"""From a system's rows to something that can be asked."""

import os
from collections.abc import Mapping

from evalapp.kinds.base import Settings
from evalapp.models import Endpoint, LanguageModel, System
from evalapp.models.registry import ProviderName
from evalapp.providers.messages import Provider, Sampling
from evalapp.providers.openai_compatible import OpenAICompatible
from evalapp.providers.recorded import Recorded
from evalapp.providers.simulated import Simulated
from evalapp.registry.tokenizing import counter_for

#: Room kept free in a model's context for an answer whose length the system does not limit, in tokens.
ANSWER_ROOM_TOKENS = 2048
#: How many requests of one sample are out at a time where its endpoint does not say how many it takes.
MAX_PARALLEL = 32


class NotReachable(Exception):
    """An endpoint that cannot be asked from here; the message says what is missing and where to put it."""


def check_reachable(endpoint: Endpoint) -> None:
    """Raise `NotReachable` when the endpoint's key is not in this process's environment."""
    if endpoint.api_key_env and not os.environ.get(endpoint.api_key_env):
        raise NotReachable(
            f"Endpoint {endpoint.name} takes its key from {endpoint.api_key_env}, which is not set. "
            "Set it for the web server and the workers, and start them again."
        )


def provider_of(endpoint: Endpoint) -> Provider:
    """A provider for the endpoint; close it after use. Raises `NotReachable` when its key is missing."""
    check_reachable(endpoint)
    if endpoint.provider == ProviderName.SIMULATED:
        return Simulated(**endpoint.options)
    if endpoint.provider == ProviderName.RECORDED:
        return Recorded(endpoint.recording.encode(), name=f"the recording of {endpoint.name}")
    return OpenAICompatible(
        base_url=endpoint.base_url,
        api_key=os.environ[endpoint.api_key_env] if endpoint.api_key_env else None,
        timeout_s=endpoint.timeout_s,
    )


def configuration_of(system: System) -> dict[str, object]:
    """The system as a run keeps it: every value that decides an answer, by name."""
    return {
        "system": system.name,
        "endpoint": system.model.endpoint.name if system.model else None,
        "model": system.model.name if system.model else None,
        "system_prompt": system.system_prompt,
        "temperature": system.temperature,
        "top_p": system.top_p,
        "max_tokens": system.max_tokens,
        "seed": system.seed,
        "stop": system.stop,
        "fallback_model": system.fallback_model.name if system.fallback_model else None,
        "fallback_rule": system.fallback_rule,
    }


def settings_of(configuration: Mapping[str, object], model: LanguageModel, *, streamed: bool) -> Settings:
    """What a task kind is told about the system that asks."""
    max_tokens = configuration["max_tokens"]
    room = max_tokens if isinstance(max_tokens, int) else ANSWER_ROOM_TOKENS
    stop = configuration["stop"]
    return Settings(
        model=model.name,
        system_prompt=str(configuration["system_prompt"]),
        sampling=Sampling(
            temperature=_number(configuration["temperature"]),
            top_p=_number(configuration["top_p"]),
            max_tokens=max_tokens if isinstance(max_tokens, int) else None,
            seed=seed if isinstance(seed := configuration["seed"], int) else None,
            stop=tuple(str(text) for text in stop) if isinstance(stop, list) else (),
        ),
        stream=streamed,
        max_input_tokens=max(256, model.context_tokens - room) if model.context_tokens else None,
        max_parallel=model.endpoint.concurrency or MAX_PARALLEL,
        count_tokens=counter_for(model.name),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

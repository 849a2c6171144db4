"""A small world for the pump: a task set, an endpoint, a model with a price, a system."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal

import pytest

from evalapp.models import Endpoint, LanguageModel, Price, Sample, System, TaskSet
from evalapp.models.registry import ProviderName
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """A real model server that answers "fine" unless told otherwise."""
    with OpenAIServer(default=behaviours.ok("fine")) as running:
        yield running


@pytest.fixture
def task_set() -> Callable[[int], TaskSet]:
    """Makes a task set of so many short questions, no two alike."""

    def make(count: int) -> TaskSet:
        made = TaskSet.objects.create(
            name=f"{count} questions",
            kind="qa",
            checksum="0" * 64,
            sample_count=count,
            source_name="questions.jsonl",
        )
        Sample.objects.bulk_create(
            Sample(
                task_set=made,
                position=number,
                key=f"q{number}",
                payload={"prompt": f"Question {number}?", "reference": "fine"},
            )
            for number in range(count)
        )
        return made

    return make


@pytest.fixture
def system(server: OpenAIServer) -> System:
    """A system on the real model server: 1 USD per million input tokens, 2 per million output tokens."""
    endpoint = Endpoint.objects.create(
        name="local", provider=ProviderName.OPENAI_COMPATIBLE, base_url=server.base_url, timeout_s=5
    )
    return _system(endpoint)


@pytest.fixture
def simulated_system() -> System:
    """A system that answers at once in this process."""
    endpoint = Endpoint.objects.create(
        name="simulated", provider=ProviderName.SIMULATED, options={"latency_ms": 0.0}
    )
    return _system(endpoint)


def _system(endpoint: Endpoint) -> System:
    model = LanguageModel.objects.create(endpoint=endpoint, name="quartz-mini")
    Price.objects.create(
        model=model,
        input_usd_per_mtok=Decimal(1),
        output_usd_per_mtok=Decimal(2),
        valid_from=date(2024, 1, 1),
        source_url="https://example.org/prices",
        checked_on=date(2024, 1, 1),
    )
    return System.objects.create(name=f"small on {endpoint.name}", model=model, max_tokens=1000)

"""The machine side as the page tests need it: priced systems, and runs with their ledger."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evalapp.models import ApiCall, Endpoint, Generation, LanguageModel, Price, Run, System, TaskSet
from evalapp.models.registry import ProviderName
from evalapp.registry.connecting import configuration_of

NINE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>"


def make_system(name: str = "small", *, api_key_env: str = "", priced: bool = True) -> System:
    """A system on a model of its own at a simulated endpoint: 1 USD per million tokens in, 2 out."""
    endpoint, _ = Endpoint.objects.get_or_create(
        name="keyed" if api_key_env else "practice",
        defaults={
            "provider": ProviderName.SIMULATED,
            "api_key_env": api_key_env,
            "options": {"latency_ms": 0.0},
        },
    )
    model = LanguageModel.objects.create(endpoint=endpoint, name=f"{name}-model")
    if priced:
        Price.objects.create(
            model=model,
            input_usd_per_mtok=Decimal(1),
            output_usd_per_mtok=Decimal(2),
            valid_from=date(2026, 1, 1),
            source_url="https://example.org/prices",
            checked_on=date(2026, 2, 3),
        )
    return System.objects.create(name=name, model=model, temperature=0.5, system_prompt="Be brief.")


def make_asked_run(
    task_set: TaskSet, system: System, *, state: str = "done", answered: int | None = None
) -> Run:
    """A run whose first samples are answered, one request each, and whose others wait.

    The n-th answer took n × 100 ms and 10 tokens in, 5 out.
    """
    run = Run.objects.create(
        task_set=task_set,
        system=system,
        state=state,
        configuration=configuration_of(system),
        created_at=NINE,
        finished_at=NINE if state == "done" else None,
    )
    for number, sample in enumerate(task_set.samples.order_by("position"), start=1):
        generation = Generation.objects.create(run=run, sample=sample)
        if answered is None or number <= answered:
            answer(generation, number)
    return run


def answer(generation: Generation, number: int) -> ApiCall:
    """Write the generation's answer and the request that brought it."""
    facts = {
        "latency_ms": 100.0 * number,
        "input_tokens": 10,
        "cached_input_tokens": 0,
        "output_tokens": 5,
        "cost_usd": Decimal("0.00002"),
        "finish_reason": "stop",
    }
    text = f"Answer {number}"
    chat = generation.sample.task_set.kind == "chat"
    Generation.objects.filter(pk=generation.pk).update(
        state="done", attempt=1, output=[text, text] if chat else text, finished_at=NINE, **facts
    )
    model = generation.run.system.model
    assert model is not None
    return ApiCall.objects.create(
        run=generation.run,
        generation=generation,
        model=model,
        price=model.prices.get(),
        state="answered",
        request_key=f"{generation.pk:064}",
        request={"model": model.name, "messages": [{"role": "user", "content": f"Question {number}"}]},
        raw=f'{{"id": "raw-{number}"}}',
        sent_at=NINE,
        http_status=200,
        request_id=f"req-{number}",
        model_answered=model.name,
        **facts,
    )


def query_count(client: Client, path: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def fail(generation: Generation, message: str = "No whole answer within 120 s.") -> None:
    Generation.objects.filter(pk=generation.pk).update(
        state="failed", error="timed_out", error_message=message, output=None, finished_at=NINE
    )

"""A run's raw log as JSON Lines: one line on the run, then one for each request with its answer.

Keys are not in it by construction: a request is kept as its body, without headers, and what came back is
kept with everything masked that looks like a key. As a second guard, the values of the keys that this process
knows are masked wherever they stand.
"""

import json
import os
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from evalapp.generation.environment import versions
from evalapp.models import ApiCall, Endpoint, Price, Run

#: Rows read at a time; raw answers can be large.
ROWS_AT_ONCE = 200
MASK = "[key]"


def log_lines(run: Run) -> Iterator[str]:
    """The log's lines with their ends, requests in the order in which they were sent; in constant memory."""
    keys = known_keys()
    yield _line(_run(run), keys)
    calls = (
        ApiCall.objects.filter(run=run)
        .select_related("generation__sample", "model__endpoint", "price")
        .defer("generation__output", "generation__detail", "generation__sample__payload")
        .defer("model__endpoint__recording")
        .order_by("id")
    )
    for call in calls.iterator(chunk_size=ROWS_AT_ONCE):
        yield _line(_call(call), keys)


def known_keys() -> list[str]:
    """The values of all endpoints' keys in this process's environment, longest first."""
    names = Endpoint.objects.exclude(api_key_env="").values_list("api_key_env", flat=True)
    return sorted({key for name in names if (key := os.environ.get(name))}, key=len, reverse=True)


def _line(record: dict[str, object], keys: list[str]) -> str:
    text = json.dumps(record, ensure_ascii=False, default=_plain)
    for key in keys:
        text = text.replace(json.dumps(key, ensure_ascii=False)[1:-1], MASK)
    return f"{text}\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no place in a log")


def _run(run: Run) -> dict[str, object]:
    return {
        "type": "run",
        "run": run.pk,
        "task_set": run.task_set.name,
        "task_set_checksum": run.task_set.checksum,
        "kind": run.task_set.kind,
        "system": run.system.name,
        "state": run.state,
        "reason": run.reason,
        "measured": run.measured,
        "streamed": run.streamed,
        "concurrency": run.concurrency,
        "warmup_calls": run.warmup_calls,
        "budget_usd": run.budget_usd,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "configuration": run.configuration,
        "environment": run.environment,
        "exported_with": versions(),
    }


def _call(call: ApiCall) -> dict[str, object]:
    generation = call.generation
    return {
        "type": "call",
        "call": call.pk,
        "generation": call.generation_id,
        "sample": generation.sample.key if generation else None,
        "replicate": generation.replicate if generation else None,
        "purpose": call.purpose,
        "step": call.step,
        "try_number": call.try_number,
        "shared_by": call.shared_by,
        "state": call.state,
        "endpoint": call.model.endpoint.name,
        "address": call.model.endpoint.base_url,
        "model": call.model.name,
        "model_answered": call.model_answered,
        "sent_at": call.sent_at,
        "latency_ms": call.latency_ms,
        "first_token_ms": call.first_token_ms,
        "http_status": call.http_status,
        "error": call.error,
        "error_message": call.error_message,
        "finish_reason": call.finish_reason,
        "request_id": call.request_id,
        "system_fingerprint": call.system_fingerprint,
        "input_tokens": call.input_tokens,
        "cached_input_tokens": call.cached_input_tokens,
        "output_tokens": call.output_tokens,
        "usage_estimated": call.usage_estimated,
        "cost_usd": call.cost_usd,
        "reserved_usd": call.reserved_usd,
        "price": _price(call.price) if call.price else None,
        "request_key": call.request_key,
        "request_sha256": call.request_sha256,
        "request": call.request,
        "reply": call.reply,
        "raw": call.raw,
    }


def _price(price: Price) -> dict[str, object]:
    names = (
        "input_usd_per_mtok",
        "cached_input_usd_per_mtok",
        "output_usd_per_mtok",
        "batch_discount",
        "valid_from",
        "source_url",
        "checked_on",
    )
    return {name: getattr(price, name) for name in names}

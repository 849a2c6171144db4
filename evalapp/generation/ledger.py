"""The ledger's writer: many entries in one transaction, each request committed before it leaves.

One writer serves all calls of a pump. While a transaction is being committed the next entries gather, so that
the cost of durability is shared without any entry waiting for company.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from evalapp.generation.entries import BudgetHeld, BudgetSpent, CallEnd, Entry, GenerationEnd, Sending, Ticket
from evalapp.models import ApiCall, Run
from evalapp.models.generation import CallState
from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import ChatReply, Usage

Written = Ticket | BudgetSpent | BudgetHeld | bool

_END_CALL = """
UPDATE evalapp_apicall SET state = %(state)s, latency_ms = %(latency_ms)s,
    first_token_ms = %(first_token_ms)s,
    http_status = %(http_status)s, error = %(error)s, error_message = %(error_message)s,
    input_tokens = %(input_tokens)s, cached_input_tokens = %(cached_input_tokens)s,
    output_tokens = %(output_tokens)s, usage_estimated = %(usage_estimated)s, cost_usd = %(cost_usd)s,
    finish_reason = %(finish_reason)s, model_answered = %(model_answered)s, request_id = %(request_id)s,
    system_fingerprint = %(system_fingerprint)s, reply = %(reply)s, raw = %(raw)s
WHERE id = %(id)s AND state = 'sent'
"""
_JSON_FIELDS = frozenset({"output", "detail", "checks"})


def write(entries: Sequence[Entry]) -> list[Written]:
    """Commit the entries in one transaction; one result per entry, in order.

    A `Sending` gives a `Ticket` or what the budget says against it; an end gives True, or False when its row
    was closed.
    """
    written: dict[int, Written] = {}
    with transaction.atomic():
        sendings = [(place, each) for place, each in enumerate(entries) if isinstance(each, Sending)]
        ends = [(place, each) for place, each in enumerate(entries) if isinstance(each, CallEnd)]
        finished = [(place, each) for place, each in enumerate(entries) if isinstance(each, GenerationEnd)]
        _end_calls(ends, written)
        _end_generations(finished, written)
        _send(sendings, written)
    return [written[place] for place in range(len(entries))]


def _send(sendings: Sequence[tuple[int, Sending]], written: dict[int, Written]) -> None:
    stored = _stored_replies({each.request_key for _, each in sendings if each.reusable})
    rows: list[ApiCall] = []
    places: list[tuple[int, ChatReply | None]] = []
    for place, each in sendings:
        reply = stored.get(each.request_key) if each.reusable else None
        if reply is None and not _reserve(each):
            written[place] = _refusal(each)
            continue
        rows.append(_row(each, reply))
        places.append((place, reply))
    for row, (place, reply) in zip(ApiCall.objects.bulk_create(rows), places, strict=True):
        written[place] = Ticket(row.pk, reply)


def _reserve(each: Sending) -> bool:
    if each.reserved_usd == 0:
        return True
    committed = F("committed_usd") + each.reserved_usd
    within_budget = Q(budget_usd__isnull=True) | Q(budget_usd__gte=committed)
    return Run.objects.filter(within_budget, id=each.run_id).update(committed_usd=committed) == 1


def _refusal(each: Sending) -> BudgetSpent | BudgetHeld:
    """Calls still out set aside their worst case, and most of that comes back when they end."""
    are_out = ApiCall.objects.filter(run_id=each.run_id, state=CallState.SENT).exists()
    return BudgetHeld() if are_out else BudgetSpent()


def _row(each: Sending, reply: ChatReply | None) -> ApiCall:
    row = ApiCall(
        run_id=each.run_id,
        generation_id=each.generation_id,
        purpose=each.purpose,
        model_id=each.model_id,
        price_id=each.price_id,
        step=each.step,
        try_number=each.try_number,
        shared_by=each.shared_by,
        request_key=each.request_key,
        request=_cleaned(each.request),
        sent_at=timezone.now(),
        reserved_usd=each.reserved_usd,
    )
    if reply is not None:
        row.state = CallState.CACHED
        row.reserved_usd = Decimal(0)
        row.cost_usd = Decimal(0)
        row.input_tokens = reply.usage.input_tokens
        row.cached_input_tokens = reply.usage.cached_input_tokens
        row.output_tokens = reply.usage.output_tokens
        row.usage_estimated = reply.usage.estimated
        row.finish_reason = reply.finish_reason
        row.model_answered = reply.model
    return row


def is_answered(request_key: str) -> bool:
    """Whether an answer to this very request is stored."""
    return ApiCall.objects.filter(request_key=request_key, state=CallState.ANSWERED).exists()


def _stored_replies(keys: set[str]) -> dict[str, ChatReply]:
    if not keys:
        return {}
    rows = (
        ApiCall.objects.filter(request_key__in=keys, state=CallState.ANSWERED)
        .order_by("request_key", "id")
        .distinct("request_key")
    )
    return {row.request_key: _stored_reply(row, row.reply) for row in rows if row.reply is not None}


def _stored_reply(row: ApiCall, kept: dict[str, Any]) -> ChatReply:
    return ChatReply(
        text=kept["text"],
        usage=Usage(
            row.input_tokens or 0, row.output_tokens or 0, row.cached_input_tokens or 0, row.usage_estimated
        ),
        finish_reason=row.finish_reason,
        latency_ms=0.0,
        model=row.model_answered,
        refusal=kept["refusal"],
        mean_logprob=kept["mean_logprob"],
        raw="",
        from_cache=True,
    )


def _end_calls(ends: Sequence[tuple[int, CallEnd]], written: dict[int, Written]) -> None:
    if not ends:
        return
    with connection.cursor() as cursor:
        cursor.executemany(_END_CALL, [_end_values(each) for _, each in ends])
    written.update((place, True) for place, _ in ends)
    settled: dict[int, Decimal] = {}
    for _, each in ends:
        settled[each.run_id] = settled.get(each.run_id, Decimal(0)) + each.cost_usd - each.reserved_usd
    for run_id, change in sorted(settled.items()):
        if change:
            Run.objects.filter(id=run_id).update(committed_usd=F("committed_usd") + change)


def _end_values(each: CallEnd) -> dict[str, Any]:
    end = each.end
    usage = end.usage
    values: dict[str, Any] = {
        "id": each.call_id,
        "cost_usd": each.cost_usd,
        "latency_ms": end.latency_ms,
        "http_status": end.http_status,
        "request_id": _clean(end.request_id or "")[:200],
        "raw": _clean(end.raw or ""),
        "input_tokens": usage.input_tokens if usage else None,
        "cached_input_tokens": usage.cached_input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "usage_estimated": bool(usage and usage.estimated),
        "first_token_ms": None,
        "error": "",
        "error_message": "",
        "finish_reason": "",
        "model_answered": "",
        "system_fingerprint": "",
        "reply": None,
    }
    if isinstance(end, ProviderError):
        return values | {"state": CallState.FAILED, "error": end.code, "error_message": _clean(end.message)}
    kept = {"text": end.text, "refusal": end.refusal, "mean_logprob": end.mean_logprob}
    return values | {
        "state": CallState.ANSWERED,
        "first_token_ms": end.first_token_ms,
        "finish_reason": end.finish_reason[:40],
        "model_answered": _clean(end.model)[:200],
        "system_fingerprint": _clean(end.system_fingerprint or "")[:200],
        "reply": _clean_json(kept),
    }


def _clean(text: str) -> str:
    """PostgreSQL keeps no NUL and no lone surrogate; both become a replacement character."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _clean_json(value: object) -> str:
    return json.dumps(_cleaned(value), ensure_ascii=False)


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(inner) for inner in value]
    return value


def _end_generations(finished: Sequence[tuple[int, GenerationEnd]], written: dict[int, Written]) -> None:
    with connection.cursor() as cursor:
        for place, each in finished:
            names = list(each.fields)
            values = [
                _clean_json(value) if name in _JSON_FIELDS and value is not None else _plain(value)
                for name, value in each.fields.items()
            ]
            # The column names come from this package, never from outside.
            assignments = ", ".join(f"{name} = %s" for name in names)
            cursor.execute(
                f"UPDATE evalapp_generation SET {assignments}, lease_token = NULL, lease_until = NULL "  # noqa: S608
                "WHERE id = %s AND lease_token = %s AND state = 'running'",
                [*values, each.generation_id, each.lease_token],
            )
            written[place] = cursor.rowcount == 1


def _plain(value: object) -> Any:
    return _clean(value) if isinstance(value, str) else value

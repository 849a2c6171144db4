"""What the ledger's rows say: a request that leaves, its end, and a stored answer read back."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from evalapp.generation.entries import CallEnd, Sending
from evalapp.models.generation import CallState
from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import ChatReply, Usage

_BLANK: Mapping[str, object] = dict.fromkeys(
    ("error", "error_message", "finish_reason", "model_answered", "request_id", "system_fingerprint", "raw"),
    "",
)


def sent(place: int, each: Sending, reply: ChatReply | None, sent_at: datetime) -> dict[str, object]:
    """A request about to leave; with a stored ``reply``, one that need not. ``place`` keeps the order."""
    row: dict[str, object] = {
        **_BLANK,
        "place": place,
        "run_id": each.run_id,
        "generation_id": each.generation_id,
        "model_id": each.model_id,
        "price_id": each.price_id,
        "purpose": each.purpose,
        "step": each.step,
        "try_number": each.try_number,
        "shared_by": each.shared_by,
        "state": CallState.SENT,
        "request_key": each.request_key,
        "request": each.request,
        "request_sha256": each.request_sha256,
        "sent_at": sent_at,
        "reserved_usd": each.reserved_usd,
        "usage_estimated": False,
    }
    if reply is not None:
        row |= _usage(reply.usage) | {
            "state": CallState.CACHED,
            "reserved_usd": Decimal(0),
            "cost_usd": Decimal(0),
            "finish_reason": reply.finish_reason,
            "model_answered": reply.model,
        }
    return row


def ended(each: CallEnd) -> dict[str, object]:
    """What became of a request."""
    end = each.end
    row: dict[str, object] = {
        **_BLANK,
        **_usage(end.usage),
        "id": each.call_id,
        "cost_usd": each.cost_usd,
        "latency_ms": end.latency_ms,
        "http_status": end.http_status,
        "request_id": (end.request_id or "")[:200],
        "raw": end.raw or "",
    }
    if isinstance(end, ProviderError):
        return row | {"state": CallState.FAILED, "error": end.code, "error_message": end.message}
    return row | {
        "state": CallState.ANSWERED,
        "first_token_ms": end.first_token_ms,
        "finish_reason": end.finish_reason[:40],
        "model_answered": end.model[:200],
        "system_fingerprint": (end.system_fingerprint or "")[:200],
        "reply": {"text": end.text, "refusal": end.refusal, "mean_logprob": end.mean_logprob},
    }


def stored_reply(found: Sequence[Any]) -> ChatReply:
    """A stored answer: the kept reply as JSON, its three token counts, whether they are estimated, and why
    and with what model it ended."""
    kept = json.loads(found[0])
    return ChatReply(
        text=kept["text"],
        usage=Usage(found[1] or 0, found[2] or 0, found[3] or 0, found[4]),
        finish_reason=found[5],
        latency_ms=0.0,
        model=found[6],
        refusal=kept["refusal"],
        mean_logprob=kept["mean_logprob"],
        raw="",
        from_cache=True,
    )


def _usage(usage: Usage | None) -> dict[str, object]:
    return {
        "input_tokens": usage.input_tokens if usage else None,
        "cached_input_tokens": usage.cached_input_tokens if usage else None,
        "output_tokens": usage.output_tokens if usage else None,
        "usage_estimated": bool(usage and usage.estimated),
    }

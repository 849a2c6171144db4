"""What stands beside a decision: how much cheaper, how much quicker, how often the larger model helped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def beside_decision(
    usage: Sequence[dict[str, Any]], candidate: str, reference: str, task_kind: str | None
) -> dict[str, float | None]:
    """Candidate over reference: cost per output, p95 latency; and the candidate's fallback rate.

    None where a figure is not known, and for the latency when several task kinds are looked at together.
    """
    own, other = (
        [entry for entry in usage if entry["system"] == system and task_kind in {None, entry["task_kind"]}]
        for system in (candidate, reference)
    )
    fallbacks = [entry["rates"]["fallback"] for entry in own]
    outputs = sum(rate["of"] for rate in fallbacks)
    return {
        "cost_ratio": _ratio(_cost_per_output(own), _cost_per_output(other)),
        "p95_ratio": _ratio(_p95(own), _p95(other)),
        "fallback_rate": sum(rate["count"] for rate in fallbacks) / outputs if outputs else None,
    }


def _cost_per_output(entries: Sequence[dict[str, Any]]) -> float | None:
    totals = [entry["cost_usd"]["total"] for entry in entries]
    outputs = sum(entry["finished"] for entry in entries)
    return float(sum(totals) / outputs) if outputs and None not in totals else None


def _p95(entries: Sequence[dict[str, Any]]) -> float | None:
    return entries[0]["latency_ms"]["p95"] if len(entries) == 1 else None


def _ratio(own: float | None, other: float | None) -> float | None:
    return own / other if own is not None and other else None

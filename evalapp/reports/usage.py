"""Speed, tokens and cost of systems, from their generations and calls, or from any tool's log of calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

import numpy as np
from scipy.special import bdtr

from evalapp.reports.arrays import Floats
from evalapp.reports.estimates import LEVEL
from evalapp.reports.rows import CallRow, GenerationRow, PriceRow

MTOK = Decimal(1_000_000)
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
CENT_FRACTION = Decimal("0.000000000001")
"""Means of costs are rounded to 12 decimal places; totals are exact."""

SEARCHED_QUANTILE_TAIL = 1e-9


def ordered_limits(n: int, quantile: float = 0.95, level: float = LEVEL) -> tuple[int, int] | None:
    """Which ordered values (from 1) enclose the quantile with at least the level, whatever the distribution.

    The closest such pair; of equally close ones the one with the coverage nearest to the level (David and
    Nagaraja 2003, section 7.1). At n = 100 the 90th and the 99th. None when even the extremes do not
    reach the level.
    """
    if n < 2:
        return None
    spread = 8 * np.sqrt(n * quantile * (1 - quantile)) + 8
    first = max(1, int(n * quantile - spread))
    ranks = np.arange(first, min(n, int(n * quantile + spread)) + 1)
    # The quantile lies between the l-th and the u-th value when l <= B <= u - 1 for B ~ Binomial(n,
    # quantile).
    below = bdtr(ranks - 1.0, n, quantile)
    best: tuple[int, float, int, int] | None = None
    for at, lower in enumerate(ranks):
        reach = int(np.searchsorted(below, level + below[at] - 1e-12))
        if reach >= len(ranks):
            break
        found = (int(ranks[reach] - lower), float(below[reach] - below[at]), int(lower), int(ranks[reach]))
        best = found if best is None else min(best, found)
    return None if best is None else (best[2], best[3])


def latency_figures(latencies_ms: Sequence[float] | Floats) -> dict[str, object]:
    """n, median, mean, sd (n - 1), p95 (linear interpolation) with its distribution-free limits, min, max.

    In milliseconds. Undefined figures are None, with a `reason`.
    """
    ordered = np.sort(np.asarray(latencies_ms, dtype=np.float64))
    n = len(ordered)
    empty = dict.fromkeys(("median", "mean", "sd", "p95", "p95_low", "p95_high", "min", "max"))
    if n == 0:
        return {"n": 0, **empty, "reason": "no latency was recorded"}
    limits = ordered_limits(n)
    figures: dict[str, object] = {
        "n": n,
        "median": float(np.median(ordered)),
        "mean": float(ordered.mean()),
        "sd": float(ordered.std(ddof=1)) if n > 1 else None,
        "p95": float(np.quantile(ordered, 0.95)),
        "p95_low": float(ordered[limits[0] - 1]) if limits else None,
        "p95_high": float(ordered[limits[1] - 1]) if limits else None,
        "min": float(ordered[0]),
        "max": float(ordered[-1]),
        "level": LEVEL,
        "method": "p95 by linear interpolation; its limits are ordered values and assume no distribution",
    }
    if limits is None:
        figures["reason"] = f"{n} values are too few to enclose the 95th percentile with 95 % confidence"
    return figures


def cost_usd(price: PriceRow, input_tokens: int, output_tokens: int, cached_input_tokens: int = 0) -> Decimal:
    """The exact cost of tokens at a price. Cached tokens are part of the input tokens; without a rate for
    them they cost as much as others."""
    cached_rate = price.cached_input_usd_per_mtok
    if cached_rate is None:
        cached_rate = price.input_usd_per_mtok
    uncached = input_tokens - cached_input_tokens
    total = (
        uncached * price.input_usd_per_mtok
        + cached_input_tokens * cached_rate
        + output_tokens * price.output_usd_per_mtok
    )
    return EXACT.divide(total, MTOK)


def cost_figures(costs: Sequence[Decimal | None]) -> dict[str, object]:
    """Total and mean cost per call, exact decimals as text; None with a reason when a cost is not known."""
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs):
        reason = (
            "no price was known" if not known else f"{len(costs) - len(known)} of {len(costs)} had no price"
        )
        return {"total": None, "per_call": None, "reason": reason}
    total = sum(known, Decimal(0))
    return {"total": total, "per_call": mean_cost(total, len(known))}


def mean_cost(total: Decimal, count: int) -> Decimal:
    """The mean of a total, rounded half to even at 12 decimal places."""
    return EXACT.divide(total, Decimal(count)).quantize(CENT_FRACTION, context=EXACT)


def system_usage(generations: Sequence[GenerationRow], calls: Sequence[CallRow]) -> dict[str, object]:
    """The figures of one system (on one task kind).

    Latency comes from the generations of measured runs when there are any; otherwise from all that were
    made here, and `measured` says so. Imported and failed generations never enter latency.
    """
    finished = [row for row in generations if row.status in {"done", "refused"}]
    own = [row for row in finished if not row.imported and row.latency_ms is not None]
    measured = [row for row in own if row.measured]
    timed = measured or own
    answers = [call for call in calls if call.purpose == "answer"]
    return {
        "generations": len(generations),
        "finished": len(finished),
        "measured": bool(measured),
        "latency_ms": latency_figures([row.latency_ms for row in timed if row.latency_ms is not None]),
        "first_token_ms": latency_figures(
            [row.first_token_ms for row in timed if row.first_token_ms is not None]
        ),
        "output_tokens_per_second": _median([speed for row in timed if (speed := _speed(row)) is not None]),
        "input_tokens": _sum(row.input_tokens for row in finished),
        "cached_input_tokens": _sum(row.cached_input_tokens for row in finished),
        "output_tokens": _sum(row.output_tokens for row in finished),
        "tokens_estimated": sum(call.usage_estimated for call in answers),
        "cost_usd": _generation_cost(finished),
        "rates": {
            "error": _share(sum(row.status == "failed" for row in generations), len(generations)),
            "refusal": _share(sum(row.status == "refused" for row in generations), len(generations)),
            "truncation": _share(sum(row.finish_reason == "length" for row in finished), len(finished)),
            "fallback": _share(sum(bool(row.fallback_reason) for row in finished), len(finished)),
            "retry": _share(sum(call.try_number > 1 for call in answers), len(answers)),
            "cached": _share(sum(call.state == "cached" for call in answers), len(answers)),
        },
        "histogram": latency_histogram([row.latency_ms for row in timed if row.latency_ms is not None]),
        "by_concurrency": by_concurrency(answers),
        "fallback_reasons": _counts(row.fallback_reason for row in finished if row.fallback_reason),
        "errors": _counts(call.error for call in answers if call.error),
        "unknown_calls": sum(call.state == "unknown" for call in answers),
    }


def latency_histogram(latencies_ms: Sequence[float]) -> list[dict[str, object]]:
    """Counts in bins of equal width, as many as the root of n, at most 40. Milliseconds."""
    if not latencies_ms:
        return []
    values = np.asarray(latencies_ms, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    # Values closer together than this differ by rounding only, and make one bin.
    bins = 1 if high - low <= 1e-9 * (1 + high) else min(40, max(1, round(len(values) ** 0.5)))
    counts, edges = np.histogram(values, bins=bins, range=(low, high))
    return [
        {"from": float(edges[at]), "to": float(edges[at + 1]), "count": int(count)}
        for at, count in enumerate(counts)
    ]


def by_concurrency(calls: Sequence[CallRow]) -> list[dict[str, object]]:
    """Median and p95 latency and calls per second at each number of simultaneous calls.

    Calls per second are the answered calls over the time from the first one sent to the last one answered.
    """
    found: dict[int, list[tuple[float, float]]] = {}
    for call in calls:
        if call.state == "answered" and call.latency_ms is not None and call.sent_at is not None:
            found.setdefault(call.concurrency or 1, []).append((call.sent_at.timestamp(), call.latency_ms))
    points: list[dict[str, object]] = []
    for concurrency, timed in sorted(found.items()):
        latencies = np.sort([latency for _, latency in timed])
        elapsed_s = max(sent + latency / 1000 for sent, latency in timed) - min(sent for sent, _ in timed)
        points.append(
            {
                "concurrency": concurrency,
                "n": len(timed),
                "median_ms": float(np.median(latencies)),
                "p95_ms": float(np.quantile(latencies, 0.95)),
                "calls_per_second": len(timed) / elapsed_s if elapsed_s > 0 else None,
            }
        )
    return points


def usage_by_system(
    generations: Sequence[GenerationRow], calls: Sequence[CallRow], systems: Sequence[str]
) -> list[dict[str, object]]:
    """One entry per system and task kind, in the given order of systems."""
    kinds = sorted({row.task_kind for row in generations})
    kind_of = {(row.system, row.sample): row.task_kind for row in generations}
    entries: list[dict[str, object]] = []
    for system in systems:
        for kind in kinds:
            rows = [row for row in generations if (row.system, row.task_kind) == (system, kind)]
            own_calls = [
                call
                for call in calls
                if call.system == system and kind_of.get((system, call.sample or ""), kinds[0]) == kind
            ]
            if rows:
                entries.append({"system": system, "task_kind": kind, **system_usage(rows, own_calls)})
    return entries


def _generation_cost(finished: Sequence[GenerationRow]) -> dict[str, object]:
    costs = [row.cost_usd for row in finished if not row.imported]
    if not costs:
        return {"total": None, "per_call": None, "reason": "the outputs were made elsewhere"}
    return cost_figures(costs)


def _speed(row: GenerationRow) -> float | None:
    """Output tokens per second, of the time after the first token when that is known."""
    if not row.output_tokens or not row.latency_ms:
        return None
    writing_ms = row.latency_ms - (row.first_token_ms or 0.0)
    return row.output_tokens / writing_ms * 1000 if writing_ms > 0 else None


def _median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _share(part: int, whole: int) -> dict[str, object]:
    return {"count": part, "of": whole, "share": part / whole if whole else None}


def _counts(names: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        found[name] = found.get(name, 0) + 1
    return found

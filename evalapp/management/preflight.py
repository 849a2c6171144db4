"""How commands print what runs would take, and how their models took a tiny request."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal

from evalapp.generation.estimating import Estimate
from evalapp.generation.probing import Probe
from evalapp.templatetags.measures import span, usd

BUDGETS = {
    "holds": "The budget holds it.",
    "may be reached": "The budget holds the estimate, but not the most: the run may stop before its end.",
    "too small": "The budget is too small.",
}


def as_json(found: Sequence[Estimate] | Sequence[Probe]) -> list[dict[str, object]]:
    """The values as JSON takes them, amounts as exact texts."""
    return [
        {name: f"{each:f}" if isinstance(each, Decimal) else each for name, each in asdict(one).items()}
        for one in found
    ]


def estimate_lines(found: Estimate) -> Iterator[str]:
    """An estimate in words."""
    if found.problems:
        yield from (f"{found.system}: cannot start. {problem}" for problem in found.problems)
        return
    at_a_time = f"{found.concurrency} at a time"
    stored = f", {found.stored_calls:,} of them stored already" if found.stored_calls else ""
    yield (
        f"{found.system}: {found.samples:,} samples, about {found.calls:,} requests ({at_a_time}){stored}; "
        f"{found.input_tokens:,} tokens in, {found.output_tokens:,} out; "
        f"{usd(found.cost_usd)}, {usd(found.cost_most_usd)} at most; {span(found.seconds)}"
    )
    if found.budget in BUDGETS:
        yield f"  {BUDGETS[found.budget]}"
    yield from (f"  {note}" for note in (*found.notes, *found.suggestions))


def probe_line(found: Probe) -> str:
    """A probe in words."""
    if found.fault:
        return f"{found.system}, {found.model or 'no model'}: {found.fault}"
    took = f"{found.latency_ms:,.0f} ms, " if found.latency_ms is not None else ""
    return f"{found.system}, {found.model}: answers ({took}{usd(found.cost_usd)})"

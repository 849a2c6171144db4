"""Data from any tool: pairwise choices and logs of calls as CSV."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np

from evalapp.reports.arrays import Ints
from evalapp.reports.csvfile import CsvFile
from evalapp.reports.judgments import (
    JudgmentColumns,
    Judgments,
    numbers_of,
    positions,
    refuse_empty,
)
from evalapp.reports.prices import PriceList
from evalapp.reports.rows import SHOWN_CHOICES
from evalapp.reports.usage import cost_figures, latency_figures, mean_cost

PREFERENCE_OPTIONAL = ("sample", "rater", "criterion", "task_kind")
DEFAULT_CRITERION = "overall"


def read_preferences(path: Path) -> Judgments:
    """Judgments from a CSV with the columns left, right, choice, and where it has them sample, rater,
    criterion.

    `left` and `right` name the systems shown, `choice` is left, right, tie or both_bad. Without `sample`
    every row is a sample of its own. Raises FileProblem with line and column.
    """
    file = CsvFile.open(path)
    file.require(("left", "right", "choice"))
    given = [name for name in PREFERENCE_OPTIONAL if name in file.header]
    columns = JudgmentColumns()
    for piece in file.pieces(("left", "right", "choice", *given)):
        for name in ("left", "right", *(name for name in given if name in {"sample", "criterion"})):
            refuse_empty(file, piece, name)
        shown = positions(file, piece, "choice", SHOWN_CHOICES)
        left, right = piece.columns["left"], piece.columns["right"]
        a_left = np.array([one < other for one, other in zip(left, right, strict=True)], dtype=np.bool_)
        for at, (one, other) in enumerate(zip(left, right, strict=True)):
            if one == other:
                file.refuse(piece.first + at, f"{one!r} stands on both sides", "right")
        choice: Ints = np.where(shown >= 2, shown, np.where(a_left, shown, 1 - shown))
        pairs = list(zip(left, right, strict=True))
        samples = (
            piece.columns["sample"]
            if "sample" in given
            else [str(piece.first + at + 1) for at in range(len(piece))]
        )
        system_a = [min(pair) for pair in pairs]
        system_b = [max(pair) for pair in pairs]
        columns.add(
            {
                "sample": samples,
                "comparison": ["\x1f".join(names) for names in zip(samples, system_a, system_b, strict=True)],
                "system_a": system_a,
                "system_b": system_b,
                "rater": piece.columns["rater"] if "rater" in given else ("",) * len(piece),
                "criterion": (
                    piece.columns["criterion"] if "criterion" in given else (DEFAULT_CRITERION,) * len(piece)
                ),
                "task_kind": piece.columns["task_kind"] if "task_kind" in given else ("",) * len(piece),
                "status": ("counted",) * len(piece),
            },
            a_left,
            choice,
            {},
        )
    return columns.judgments()


def usage_figures(path: Path, prices: PriceList | None) -> dict[str, object]:
    """Figures per system from a CSV with the columns system, latency_ms, input_tokens, output_tokens.

    Optional columns: task_kind (adds `by_task_kind`), model (whose price applies; by default the system's
    name), cached_input_tokens. An empty latency or token count is missing. Raises FileProblem with line
    and column.
    """
    file = CsvFile.open(path)
    file.require(("system", "latency_ms", "input_tokens", "output_tokens"))
    given = [name for name in ("task_kind", "model", "cached_input_tokens") if name in file.header]
    log = _CallLog(prices)
    for piece in file.pieces(("system", "latency_ms", "input_tokens", "output_tokens", *given)):
        refuse_empty(file, piece, "system")
        latency = numbers_of(file, piece, "latency_ms")
        tokens = {
            name: numbers_of(file, piece, name)
            for name in ("input_tokens", "output_tokens", "cached_input_tokens")
            if name in piece.columns
        }
        for name, counts in {"latency_ms": latency, **tokens}.items():
            wrong = np.flatnonzero((counts < 0) | ((name != "latency_ms") & (counts % 1 > 0)))
            if len(wrong):
                at = int(wrong[0])
                file.refuse(piece.first + at, f"{piece.columns[name][at]!r} is not possible here", name)
        for at in range(len(piece)):
            system = piece.columns["system"][at]
            model = piece.columns["model"][at] if "model" in given else system
            if prices is not None and model not in prices:
                file.refuse(
                    piece.first + at,
                    f"{model!r} has no price in {prices.source}",
                    "model" if "model" in given else "system",
                )
            log.add(
                system,
                piece.columns["task_kind"][at] if "task_kind" in given else None,
                model,
                latency[at],
                {name: counts[at] for name, counts in tokens.items()},
            )
    return log.figures()


class _Part:
    """The calls of one system, or of one system on one task kind."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.tokens: dict[str, int] = {}
        self.with_tokens: dict[str, int] = {}
        self.by_model: dict[str, dict[str, int]] = {}
        self.calls = 0
        self.unpriced = 0

    def add(self, model: str, latency: float, tokens: Mapping[str, float]) -> None:
        self.calls += 1
        if latency == latency:  # noqa: PLR0124 - NaN is the only number that differs from itself
            self.latencies.append(latency)
        counted = self.by_model.setdefault(model, {})
        for name, count in tokens.items():
            if count == count:  # noqa: PLR0124 - as above
                self.tokens[name] = self.tokens.get(name, 0) + int(count)
                self.with_tokens[name] = self.with_tokens.get(name, 0) + 1
                counted[name] = counted.get(name, 0) + int(count)
        if any(tokens[name] != tokens[name] for name in ("input_tokens", "output_tokens")):
            self.unpriced += 1

    def cost(self, prices: PriceList | None) -> dict[str, object]:
        if prices is None:
            return cost_figures([])
        if self.unpriced:
            reason = f"{self.unpriced} of {self.calls} calls have no token counts"
            return {"total": None, "per_call": None, "reason": reason}
        # Cost is linear in tokens, so one exact product per model equals the sum over its calls.
        total = sum((prices.cost(model, counted) for model, counted in self.by_model.items()), Decimal(0))
        return {"total": total, "per_call": mean_cost(total, self.calls)}

    def figures(self, prices: PriceList | None) -> dict[str, object]:
        return {
            "calls": self.calls,
            "latency_ms": latency_figures(self.latencies),
            "input_tokens": self.tokens.get("input_tokens"),
            "output_tokens": self.tokens.get("output_tokens"),
            "cached_input_tokens": self.tokens.get("cached_input_tokens"),
            "cost_usd": self.cost(prices),
        }


class _CallLog:
    """Calls by system and task kind."""

    def __init__(self, prices: PriceList | None) -> None:
        self._prices = prices
        self._systems: dict[str, _Part] = {}
        self._kinds: dict[str, dict[str, _Part]] = {}

    def add(
        self, system: str, kind: str | None, model: str, latency: float, tokens: Mapping[str, float]
    ) -> None:
        self._systems.setdefault(system, _Part()).add(model, latency, tokens)
        if kind is not None:
            self._kinds.setdefault(system, {}).setdefault(kind, _Part()).add(model, latency, tokens)

    def figures(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for system in sorted(self._systems):
            figures = self._systems[system].figures(self._prices)
            if system in self._kinds:
                figures["by_task_kind"] = {
                    kind: part.figures(self._prices) for kind, part in sorted(self._kinds[system].items())
                }
            found[system] = figures
        return found

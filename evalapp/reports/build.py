"""The report is a function of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from evalapp.reports.canonical import Report
from evalapp.reports.coefficients import agreement_figures, ratings_of, reading_aid
from evalapp.reports.decision import decide
from evalapp.reports.exclusions import exclusion_figures
from evalapp.reports.judgments import Judgments, judgments_of
from evalapp.reports.preference import sample_means, win_rates
from evalapp.reports.preferences import preference_figures
from evalapp.reports.resampling import RESAMPLES
from evalapp.reports.rows import CallRow, GenerationRow, JudgmentRow, PriceRow, Protocol, SampleRow
from evalapp.reports.slices import Slice, between, in_order, slices
from evalapp.reports.usage import usage_by_system

FORMAT = "blind-eval-report/1"


def build_report(
    judgments: Judgments | Iterable[JudgmentRow],
    generations: Sequence[GenerationRow],
    calls: Sequence[CallRow],
    protocol: Protocol,
    seed: int,
    *,
    samples: Sequence[SampleRow] = (),
    prices: Sequence[PriceRow] = (),
) -> Report:
    """Every figure of a study. The same rows and seed give the same report, in whatever order the rows
    come."""
    every = judgments if isinstance(judgments, Judgments) else judgments_of(judgments)
    counted = every.with_status("counted")
    effective = counted.both_bad_as_ties() if protocol.both_bad_as_tie else counted
    systems = in_order(counted.systems(), protocol.systems)
    parts = list(slices(effective, protocol.criteria))
    raw_parts = list(slices(counted, protocol.criteria))
    return Report.of(
        {
            "format": FORMAT,
            "study": protocol.study,
            "simulated": protocol.simulated,
            "seed": seed,
            "resamples": RESAMPLES,
            "systems": systems,
            "candidate": protocol.candidate_system,
            "criteria": in_order(counted.criterion.used(), protocol.criteria),
            "task_kinds": counted.task_kind.used(),
            "totals": _totals(every, counted, samples),
            "protocol": asdict(protocol),
            "decisions": [
                decision for part in parts for decision in _decisions(part, protocol, systems, seed)
            ],
            "preference": [
                {"criterion": part.criterion, "task_kind": part.task_kind}
                | preference_figures(
                    part.judgments, seed=seed, systems=systems, both_bad_as_tie=protocol.both_bad_as_tie
                )
                for part in raw_parts
            ],
            "agreement": [_agreement(part, protocol, seed) for part in parts],
            "usage": usage_by_system(generations, calls, in_order(_systems_of(generations), systems)),
            "prices": [asdict(price) for price in prices],
            "exclusions": exclusion_figures(every, protocol, seed=seed),
        }
    )


def _decisions(part: Slice, protocol: Protocol, systems: Sequence[str], seed: int) -> list[dict[str, object]]:
    candidate = protocol.candidate_system
    found: list[dict[str, object]] = []
    for reference in systems:
        if reference == candidate or candidate not in systems:
            continue
        here = between(part.judgments, candidate, reference)
        if not len(here):
            continue
        means = np.sort(sample_means(here, candidate))
        found.append(
            {
                "criterion": part.criterion,
                "task_kind": part.task_kind,
                **decide(
                    candidate=candidate,
                    reference=reference,
                    win_rate=win_rates(here, seed=seed)[candidate],
                    margin=protocol.margin,
                    samples=len(means),
                    standard_deviation=float(means.std(ddof=1)) if len(means) > 1 else None,
                ),
            }
        )
    return found


def _agreement(part: Slice, protocol: Protocol, seed: int) -> dict[str, object]:
    figures = agreement_figures(
        ratings_of(part.judgments),
        seed=seed,
        categories=3 if protocol.both_bad_as_tie else 4,
        raters_per_unit=protocol.raters_per_sample,
    )
    return {
        "criterion": part.criterion,
        "task_kind": part.task_kind,
        **figures,
        "reading": reading_aid(figures),
    }


def _totals(every: Judgments, counted: Judgments, samples: Sequence[SampleRow]) -> dict[str, int]:
    return {
        "samples": len(samples) or len(counted.sample.used()),
        "judged_samples": len(counted.sample.used()),
        "comparisons": len(counted.comparison.used()),
        "raters": len(counted.rater.used()),
        "judgments": len(counted),
        "rows": len(every),
    }


def _systems_of(generations: Sequence[GenerationRow]) -> tuple[str, ...]:
    return tuple({row.system for row in generations})

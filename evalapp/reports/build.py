"""The report is a function of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

import numpy as np

from evalapp.reports.beside import beside_decision
from evalapp.reports.canonical import Report
from evalapp.reports.checks import check_figures, preferred_by_check
from evalapp.reports.coefficients import agreement_figures, further_alphas, ratings_of, reading_aid
from evalapp.reports.dawid_skene import dawid_skene_figures
from evalapp.reports.decision import decide
from evalapp.reports.exclusions import exclusion_figures
from evalapp.reports.judgments import Judgments, judgments_of
from evalapp.reports.preference import figures, mean_scores, sample_means, win_rates
from evalapp.reports.preferences import preference_figures
from evalapp.reports.raters import rater_figures
from evalapp.reports.resampling import RESAMPLES
from evalapp.reports.rows import CallRow, GenerationRow, JudgmentRow, PriceRow, Protocol, SampleRow
from evalapp.reports.slices import Slice, between, in_order, pairs, slices
from evalapp.reports.style import mean_styles, style_control
from evalapp.reports.timeline import timeline
from evalapp.reports.usage import usage_by_system
from evalapp.reports.votes import vote

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
    """Every figure of a study. The same rows and seed give the same report, in whatever order judgments
    come."""
    every = judgments if isinstance(judgments, Judgments) else judgments_of(judgments)
    counted = every.with_status("counted")
    effective = counted.both_bad_as_ties() if protocol.both_bad_as_tie else counted
    systems = in_order(counted.systems(), protocol.systems)
    known = in_order(sorted({row.system for row in generations} | {*systems}), protocol.systems)
    usage = usage_by_system(generations, calls, known)
    parts = list(slices(effective, protocol.criteria))
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
            "decisions": [entry for part in parts for entry in _decisions(part, protocol, usage, seed)],
            "preference": [
                _preference(part, protocol, systems, seed) for part in slices(counted, protocol.criteria)
            ],
            "agreement": [_agreement(part, protocol, seed) for part in parts],
            "style": [entry for part in parts for entry in _style(part, systems, generations, seed)],
            "mean_styles": mean_styles(generations),
            "raters": rater_figures(every, protocol),
            "sensitivity": [_named(part) | dawid_skene_figures(part.judgments, systems) for part in parts],
            "timeline": timeline(counted),
            "usage": usage,
            "prices": [asdict(price) for price in prices],
            "checks": check_figures(generations, samples, known),
            "preferred_by_check": [
                _named(part) | entry
                for part in parts
                for entry in preferred_by_check(vote(part.judgments), generations)
            ],
            "exclusions": exclusion_figures(every, protocol, seed=seed),
        }
    )


def _named(part: Slice) -> dict[str, object]:
    return {"criterion": part.criterion, "task_kind": part.task_kind}


def _decisions(
    part: Slice, protocol: Protocol, usage: Sequence[dict[str, object]], seed: int
) -> list[dict[str, object]]:
    candidate = protocol.candidate_system
    found: list[dict[str, object]] = []
    for reference in in_order(part.judgments.systems(), protocol.systems):
        here = between(part.judgments, candidate, reference)
        if reference == candidate or not len(here):
            continue
        means = np.sort(sample_means(here, candidate))
        decision = decide(
            candidate=candidate,
            reference=reference,
            win_rate=win_rates(here, seed=seed)[candidate],
            margin=protocol.margin,
            samples=len(means),
            standard_deviation=float(means.std(ddof=1)) if len(means) > 1 else None,
        )
        beside = beside_decision(usage, candidate, reference, part.task_kind)
        found.append({**_named(part), **decision, "beside": beside})
    return found


def _preference(part: Slice, protocol: Protocol, systems: Sequence[str], seed: int) -> dict[str, object]:
    found = _named(part) | preference_figures(
        part.judgments, seed=seed, systems=systems, both_bad_as_tie=protocol.both_bad_as_tie
    )
    if not np.isnan(part.judgments.score_a).all():
        found["mean_score"] = figures(mean_scores(part.judgments, seed=seed))
    return found


def _agreement(part: Slice, protocol: Protocol, seed: int) -> dict[str, object]:
    found = agreement_figures(
        ratings_of(part.judgments),
        seed=seed,
        categories=3 if protocol.both_bad_as_tie else 4,
        raters_per_unit=protocol.raters_per_sample,
    )
    further = further_alphas(part.judgments, seed=seed)
    return {**_named(part), **found, **further, "reading": reading_aid(found)}


def _style(
    part: Slice, systems: Sequence[str], generations: Sequence[GenerationRow], seed: int
) -> list[dict[str, object]]:
    return [
        {
            **_named(part),
            "systems": [first, second],
            "win_rate": win_rates(here, seed=seed)[first].figures(),
            **style_control(here, first, second, generations).figures(),
        }
        for first, second, here in pairs(part.judgments, systems)
    ]


def _totals(every: Judgments, counted: Judgments, samples: Sequence[SampleRow]) -> dict[str, int]:
    return {
        "samples": len(samples) or len(counted.sample.used()),
        "judged_samples": len(counted.sample.used()),
        "comparisons": len(counted.comparison.used()),
        "raters": len(counted.rater.used()),
        "judgments": len(counted),
        "rows": len(every),
    }

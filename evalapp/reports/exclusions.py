"""What was not counted and why, and the headline figures with the excluded judgments put back."""

from __future__ import annotations

from evalapp.reports.agreement import krippendorff_alpha, patterns_of
from evalapp.reports.judgments import Judgments
from evalapp.reports.preference import figures, win_rates
from evalapp.reports.rows import CHOICES, STATUSES, Protocol
from evalapp.reports.slices import slices


def exclusion_figures(every: Judgments, protocol: Protocol, *, seed: int) -> dict[str, object]:
    """Rows by status, reasons of exclusion, and win rate and alpha with and without the excluded rows."""
    excluded = every.with_status("excluded")
    return {
        "rules": list(protocol.exclusion_rules),
        "by_status": {status: int(every.status.is_(status).sum()) for status in STATUSES},
        "by_reason": {
            reason or "no reason given": int(excluded.exclusion_reason.is_(reason).sum())
            for reason in excluded.exclusion_reason.used()
        },
        "without_excluded": _headline(every.with_status("counted"), protocol, seed),
        "with_excluded": _headline(every.with_status("counted", "excluded"), protocol, seed),
    }


def _headline(judgments: Judgments, protocol: Protocol, seed: int) -> list[dict[str, object]]:
    effective = judgments.both_bad_as_ties() if protocol.both_bad_as_tie else judgments
    found: list[dict[str, object]] = []
    for part in slices(effective, protocol.criteria):
        patterns = patterns_of(part.judgments.comparison.codes, part.judgments.choice, len(CHOICES))
        found.append(
            {
                "criterion": part.criterion,
                "task_kind": part.task_kind,
                "judgments": len(part.judgments),
                "win_rate": figures(win_rates(part.judgments, seed=seed)),
                "krippendorff_alpha": krippendorff_alpha(patterns, "nominal", seed=seed).figures(),
            }
        )
    return found

"""All preference figures of one set of judgments, under the keys that stay."""

from __future__ import annotations

from collections.abc import Sequence

from evalapp.reports.bradley_terry import bradley_terry
from evalapp.reports.judgments import Judgments
from evalapp.reports.positions import position_bias
from evalapp.reports.preference import (
    figures,
    holm,
    sign_test,
    standard_error,
    win_rates,
)
from evalapp.reports.slices import in_order, pairs
from evalapp.reports.votes import choice_counts, verdict_counts, vote

SEVERAL = "more than two systems: see the pairs"


def preference_figures(
    judgments: Judgments, *, seed: int, systems: Sequence[str] = (), both_bad_as_tie: bool = False
) -> dict[str, object]:
    """Counts, majorities, win rates, Bradley-Terry, sign tests and position bias of one criterion's
    judgments."""
    ordered = in_order(judgments.systems(), systems)
    votes = vote(judgments, both_bad_as_tie=both_bad_as_tie)
    compared = [
        _pair_figures(first, second, here, seed=seed, both_bad_as_tie=both_bad_as_tie)
        for first, second, here in pairs(judgments, ordered)
    ]
    adjusted = holm([float(str(pair["p_value"])) for pair in compared])
    pair_figures = [{**pair, "holm_p_value": value} for pair, value in zip(compared, adjusted, strict=True)]
    strengths, fit = bradley_terry(judgments, seed=seed, systems=ordered)
    return {
        "systems": list(ordered),
        "samples": len(judgments.sample.used()),
        "comparisons": len(votes),
        "judgments": len(judgments),
        "counts": {system: choice_counts(judgments, system) for system in ordered},
        "majority": verdict_counts(votes),
        "win_rate": figures(win_rates(judgments, seed=seed)),
        "majority_win_rate": figures(win_rates(votes.as_judgments(), seed=seed)),
        "standard_error": {system: standard_error(judgments, system) for system in ordered},
        "sign_test": _only_sign_test(pair_figures),
        "pairs": pair_figures,
        "bradley_terry": strengths,
        "bradley_terry_fit": fit,
        "position_bias": position_bias(judgments, seed=seed),
    }


def _pair_figures(
    first: str, second: str, judgments: Judgments, *, seed: int, both_bad_as_tie: bool
) -> dict[str, object]:
    votes = vote(judgments, both_bad_as_tie=both_bad_as_tie)
    majority = verdict_counts(votes)
    test = sign_test(majority[first], majority[second])
    return {
        "systems": [first, second],
        "samples": len(judgments.sample.used()),
        "majority": majority,
        "win_rate": figures(win_rates(judgments, seed=seed)),
        "p_value": test.p_value,
        "wins": test.wins,
        "losses": test.losses,
    }


def _only_sign_test(compared: Sequence[dict[str, object]]) -> dict[str, object]:
    """The sign test of the first system against the second on majority votes, when there are just two."""
    method = "exact two-sided binomial test on decisive majority votes"
    if len(compared) == 1:
        pair = compared[0]
        return {key: pair[key] for key in ("p_value", "wins", "losses")} | {"method": method}
    reason = SEVERAL if compared else "no judgments"
    return {"p_value": None, "wins": None, "losses": None, "method": method, "reason": reason}

"""Preference with style held equal: does a system win by what it says, or by how long and how decorated
it is?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from evalapp.reports.arrays import Floats, mean_by_group
from evalapp.reports.estimates import Estimate, Z, undefined
from evalapp.reports.judgments import Judgments
from evalapp.reports.preference import sample_means
from evalapp.reports.rows import GenerationRow

FEATURES = ("length", "headings", "list_items", "bold", "code_blocks")
PATTERNS = {
    "headings": re.compile(r"^ {0,3}#{1,6}\s", re.MULTILINE),
    "list_items": re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s", re.MULTILINE),
    "bold": re.compile(r"\*\*[^*\n]+\*\*|__[^_\n]+__"),
    "code_blocks": re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE),
}
SAMPLES_PER_COEFFICIENT = 10
MOST_STEPS = 100
TOLERANCE = 1e-10
LARGEST_COEFFICIENT = 20.0
"""A log-odds beyond this means that the styles separate the outcomes, so that no finite estimate exists."""
NAME = "win rate at equal style"


def text_of(output: object) -> str:
    """An output as text: texts of a conversation joined, anything else as JSON."""
    if output is None:
        return ""
    if isinstance(output, str):
        return output
    if isinstance(output, list | tuple) and all(isinstance(part, str) for part in output):
        return "\n\n".join(output)
    return json.dumps(output, ensure_ascii=False, sort_keys=True)


def style_of(output: object) -> tuple[int, ...]:
    """Characters, headings, list items, bold passages and code blocks of an output, in the order of
    FEATURES."""
    text = text_of(output)
    counts = {name: len(pattern.findall(text)) for name, pattern in PATTERNS.items()}
    counts["code_blocks"] = (counts["code_blocks"] + 1) // 2
    return (len(text), *(counts[name] for name in FEATURES[1:]))


@dataclass(frozen=True, slots=True)
class StyleFit:
    """The controlled win rate and the coefficient of each style difference, in log-odds per standard
    deviation."""

    samples: int
    controlled: Estimate
    coefficients: Mapping[str, Estimate]

    def figures(self) -> dict[str, object]:
        """Plain values."""
        return {
            "samples": self.samples,
            "controlled_win_rate": self.controlled.figures(),
            "coefficients": {name: one.figures() for name, one in self.coefficients.items()},
        }


def style_control(
    judgments: Judgments, candidate: str, reference: str, generations: Sequence[GenerationRow]
) -> StyleFit:
    """Logistic regression of the candidate's mean score per sample on the differences in style.

    The judgments compare just these two systems. Each difference is relative, (candidate - reference) /
    (sum of both), 0 when neither has any, and divided by its standard deviation, not centred, so that 0
    is equal style. Every sample has the same weight; the covariance is robust by sample (sandwich). The
    intercept is the log-odds of winning at equal style. Differences that never vary are left out.
    """
    names, outcome, differences = _table(judgments, candidate, reference, generations)
    return fit_style(outcome, differences, names)


def _table(
    judgments: Judgments, candidate: str, reference: str, generations: Sequence[GenerationRow]
) -> tuple[tuple[str, ...], Floats, Floats]:
    styles = {
        (row.system, row.sample): style_of(row.output)
        for row in generations
        if row.replicate == 0 and row.system in {candidate, reference} and row.output is not None
    }
    samples = judgments.sample.used()
    means = sample_means(judgments, candidate)
    both = np.array(
        [(candidate, sample) in styles and (reference, sample) in styles for sample in samples],
        dtype=np.bool_,
    )
    rows = [
        (styles[candidate, sample], styles[reference, sample])
        for sample, known in zip(samples, both, strict=True)
        if known
    ]
    counts = np.array(rows, dtype=np.float64).reshape(len(rows), 2, len(FEATURES))
    total = counts.sum(axis=1)
    return FEATURES, means[both], (counts[:, 0] - counts[:, 1]) / np.maximum(total, 1.0)


def fit_style(outcome: Floats, differences: Floats, names: Sequence[str]) -> StyleFit:
    """Fit outcomes (n,), each between 0 and 1, on differences (n, features)."""
    n = len(outcome)
    deviation = differences.std(axis=0, ddof=1) if n > 1 else np.zeros(len(names))
    varying = deviation > 1e-12
    kept = [name for name, varies in zip(names, varying, strict=True) if varies]
    needed = SAMPLES_PER_COEFFICIENT * (len(kept) + 1)
    if n < needed:
        return StyleFit(
            n, undefined(f"{n} samples with both outputs are fewer than the {needed} needed", NAME), {}
        )
    design = np.column_stack([np.ones(n), differences[:, varying] / deviation[varying]])
    solution = _solve(design, outcome)
    if solution is None:
        return StyleFit(
            n, undefined("the styles separate the outcomes, so there is no finite estimate", NAME), {}
        )
    beta, errors = solution
    method = f"logistic regression on {', '.join(kept) or 'nothing'}; covariance robust by sample"
    controlled = Estimate(
        float(expit(beta[0])),
        float(expit(beta[0] - Z * errors[0])),
        float(expit(beta[0] + Z * errors[0])),
        f"{NAME}: {method}",
    )
    return StyleFit(
        n,
        controlled,
        {
            name: Estimate(
                float(value), float(value - Z * error), float(value + Z * error), f"log-odds: {method}"
            )
            for name, value, error in zip(kept, beta[1:], errors[1:], strict=True)
        },
    )


def _solve(design: Floats, outcome: Floats) -> tuple[Floats, Floats] | None:
    """Newton's method for the quasi-likelihood of shares, and robust standard errors; None when it
    diverges."""
    beta = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        fitted = expit(design @ beta)
        information = design.T @ (design * (fitted * (1 - fitted))[:, np.newaxis])
        gradient = design.T @ (outcome - fitted)
        if np.abs(gradient).max() <= TOLERANCE * len(outcome):
            break
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        beta = beta + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-300))
        if np.abs(beta).max() > LARGEST_COEFFICIENT:
            return None
    else:
        return None
    try:
        inverse = np.linalg.inv(information)
    except np.linalg.LinAlgError:
        return None
    scores = design * (outcome - fitted)[:, np.newaxis]
    n, k = design.shape
    covariance = inverse @ (scores.T @ scores) @ inverse * (n / (n - k))
    return beta, np.sqrt(np.maximum(np.diag(covariance), 0.0))


def mean_styles(generations: Sequence[GenerationRow]) -> list[dict[str, object]]:
    """The mean of each feature per system and task kind."""
    rows = [row for row in generations if row.output is not None]
    if not rows:
        return []
    keys = [(row.system, row.task_kind) for row in rows]
    labels = sorted(set(keys))
    place = {key: number for number, key in enumerate(labels)}
    codes = np.array([place[key] for key in keys], dtype=np.int64)
    table = np.array([style_of(row.output) for row in rows], dtype=np.float64)
    means = [mean_by_group(table[:, feature], codes)[1] for feature in range(len(FEATURES))]
    return [
        {"system": system, "task_kind": kind}
        | {name: float(means[feature][number]) for feature, name in enumerate(FEATURES)}
        for number, (system, kind) in enumerate(labels)
    ]

"""Objective checks beside the human vote: tests passed, exact matches, labels, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from evalapp.reports.estimates import wilson
from evalapp.reports.judgments import A, B
from evalapp.reports.rows import GenerationRow, SampleRow
from evalapp.reports.votes import Votes

MOST_CONFUSIONS = 50
"""Confused pairs of labels listed, the most frequent first."""


def check_figures(
    generations: Sequence[GenerationRow], samples: Sequence[SampleRow], systems: Sequence[str]
) -> list[dict[str, object]]:
    """One entry per system and task kind that has a check: shares of passed checks, means of measures,
    labels."""
    entries: list[dict[str, object]] = []
    for system in systems:
        for kind in sorted({row.task_kind for row in generations if row.system == system}):
            rows = [
                row
                for row in generations
                if row.system == system and row.task_kind == kind and row.status in {"done", "refused"}
            ]
            passed, measured = _by_type(rows)
            labels = label_figures(rows, samples) if kind == "classify" else None
            if passed or measured or labels:
                entries.append(
                    {
                        "system": system,
                        "task_kind": kind,
                        "outputs": len(rows),
                        "passed": {
                            name: wilson(sum(values), len(values)).figures()
                            | {"count": sum(values), "of": len(values)}
                            for name, values in sorted(passed.items())
                        },
                        "measured": {
                            name: {
                                "n": len(values),
                                "mean": float(np.sort(values).mean()),
                                "median": float(np.median(values)),
                            }
                            for name, values in sorted(measured.items())
                        },
                        "labels": labels,
                    }
                )
    return entries


def _by_type(rows: Sequence[GenerationRow]) -> tuple[dict[str, list[bool]], dict[str, list[float]]]:
    passed: dict[str, list[bool]] = {}
    measured: dict[str, list[float]] = {}
    for row in rows:
        for name, value in row.checks.items():
            if isinstance(value, bool):
                passed.setdefault(name, []).append(value)
            elif isinstance(value, int | float):
                measured.setdefault(name, []).append(float(value))
    return passed, measured


def label_figures(rows: Sequence[GenerationRow], samples: Sequence[SampleRow]) -> dict[str, object] | None:
    """Accuracy, macro-F1, the share of unparseable answers and the confused labels; None without labels.

    Labels are compared without regard to case and surrounding space. Macro-F1 is the plain mean of F1
    over the labels that occur as an expected label; a label that was never given right has F1 0.
    """
    expected = {
        row.sample: str(row.payload["label"]).strip().casefold()
        for row in samples
        if row.payload.get("label")
    }
    allowed = {
        str(label).strip().casefold() for row in samples for label in _listed(row.payload.get("labels"))
    } | {*expected.values()}
    pairs = [
        (expected[row.sample], row.output.strip().casefold())
        for row in rows
        if row.sample in expected and isinstance(row.output, str)
    ]
    if not pairs:
        return None
    confusion = Counter(pairs)
    right = sum(count for (wanted, given), count in confusion.items() if wanted == given)
    unparseable = sum(count for (_, given), count in confusion.items() if given not in allowed)
    wrong = [(count, *pair) for pair, count in confusion.items() if pair[0] != pair[1]]
    listed = sorted(wrong, key=lambda entry: (-entry[0], entry[1], entry[2]))
    return {
        "accuracy": wilson(right, len(pairs)).figures(),
        "macro_f1": _macro_f1(confusion),
        "unparseable": wilson(unparseable, len(pairs)).figures(),
        "classes": len({wanted for wanted, _ in pairs}),
        "confusion": [
            {"expected": wanted, "given": given, "count": count}
            for count, wanted, given in listed[:MOST_CONFUSIONS]
        ],
        "confusions_left_out": max(0, len(listed) - MOST_CONFUSIONS),
    }


def _macro_f1(confusion: Counter[tuple[str, str]]) -> float:
    wanted_counts: Counter[str] = Counter()
    given_counts: Counter[str] = Counter()
    for (wanted, given), count in confusion.items():
        wanted_counts[wanted] += count
        given_counts[given] += count
    scores = [
        2 * confusion[label, label] / (wanted_counts[label] + given_counts[label])
        for label in sorted(wanted_counts)
    ]
    return sum(scores) / len(scores)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


def preferred_by_check(votes: Votes, generations: Sequence[GenerationRow]) -> list[dict[str, object]]:
    """For every check that is passed or not: how it falls together with the preference.

    Each comparison with a decisive majority contributes its two outputs, one preferred and one not.
    """
    checks = {(row.system, row.sample): row.checks for row in generations if row.replicate == 0}
    cells: dict[str, Counter[tuple[bool, bool]]] = {}
    judgments = votes.judgments
    for first, majority in zip(votes.first.tolist(), votes.majority.tolist(), strict=True):
        if majority not in {A, B}:
            continue
        sample = judgments.sample.labels[judgments.sample.codes[first]]
        for code, column in ((A, judgments.system_a), (B, judgments.system_b)):
            found = checks.get((column.labels[column.codes[first]], sample), {})
            for name, value in found.items():
                if isinstance(value, bool):
                    cells.setdefault(name, Counter())[majority == code, value] += 1
    return [
        {
            "check": name,
            "preferred_passed": counts[True, True],
            "preferred_failed": counts[True, False],
            "other_passed": counts[False, True],
            "other_failed": counts[False, False],
        }
        for name, counts in sorted(cells.items())
    ]

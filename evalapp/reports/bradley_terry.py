"""Bradley-Terry strengths of systems from pairwise judgments, also on the Elo scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from evalapp.reports.agreement import counted
from evalapp.reports.arrays import Floats, Ints
from evalapp.reports.estimates import Estimate, undefined, with_interval
from evalapp.reports.judgments import Judgments
from evalapp.reports.resampling import affordable, bootstrap, described, generator

ELO_SCALE = 400 / math.log(10)
ELO_CENTRE = 1000.0
RESAMPLES = 1_000
TOLERANCE = 1e-10
MOST_STEPS = 50_000
RESAMPLE_TOLERANCE = 1e-6
RESAMPLE_STEPS = 2_000
NAME = "Bradley-Terry ability, ties as half wins, abilities sum to zero"


@dataclass(frozen=True, slots=True)
class Fit:
    """The outcome of the iteration. `abilities` are None without a finite maximum likelihood estimate.

    `parts` are the groups of systems within which everyone is linked to everyone by wins in both directions;
    more than one part means that there is no finite estimate. `largest_gap` is the greatest difference
    between the wins a system had and those its ability predicts, as a share of all comparisons.
    """

    abilities: Floats | None
    steps: int
    converged: bool
    largest_gap: float
    parts: tuple[tuple[str, ...], ...]


def iterate(wins: Floats, *, tolerance: float, most_steps: int) -> tuple[Floats, int, Floats]:
    """Minorisation-maximisation (Hunter 2004) on win matrices of shape (k, systems, systems), all at once.

    `wins[:, i, j]` is how often i was preferred to j, a tie one half each way. Returns abilities that sum
    to zero, the steps taken, and the largest gap between observed and predicted wins of each matrix.
    """
    systems = wins.shape[-1]
    played = wins + wins.swapaxes(1, 2)
    won = wins.sum(axis=2)
    total = np.maximum(won.sum(axis=1), 1.0)
    strength = np.ones(won.shape)
    gap = np.full(len(wins), np.inf)
    steps = 0
    while steps < most_steps:
        steps += 1
        shared = played / (strength[:, :, np.newaxis] + strength[:, np.newaxis, :])
        weight = shared.sum(axis=2) - np.einsum("kii->ki", shared)
        gap = np.abs(won - strength * weight).max(axis=1) / total
        if gap.max() <= tolerance:
            break
        updated = won / np.maximum(weight, 1e-300)
        # A fresh array each step: the gap above is measured on the strengths that are returned.
        strength = updated / np.exp(np.log(np.maximum(updated, 1e-300)).mean(axis=1, keepdims=True))
    abilities = np.log(np.maximum(strength, 1e-300))
    return abilities - abilities.mean(axis=1, keepdims=True) if systems else abilities, steps, gap


def connected_parts(wins: Floats, systems: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The strongly connected parts of the graph of wins (Ford 1957), each sorted, in the order of first
    names."""
    _, labels = csgraph.connected_components(wins > 0, directed=True, connection="strong")
    parts: dict[int, list[str]] = {}
    for system, label in zip(systems, labels, strict=True):
        parts.setdefault(int(label), []).append(system)
    return tuple(sorted(tuple(sorted(part)) for part in parts.values()))


def fit(wins: Floats, systems: Sequence[str]) -> Fit:
    """Fit one win matrix of shape (systems, systems)."""
    parts = connected_parts(wins, systems)
    if len(parts) != 1 or len(systems) < 2:
        return Fit(None, 0, converged=False, largest_gap=0.0, parts=parts)
    abilities, steps, gap = iterate(wins[np.newaxis], tolerance=TOLERANCE, most_steps=MOST_STEPS)
    return Fit(abilities[0], steps, bool(gap[0] <= TOLERANCE), float(gap[0]), parts)


def half_wins(judgments: Judgments, systems: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """For each judgment two entries: its sample's code, a cell `i * len(systems) + j`, and how many half
    wins of i over j."""
    place = np.full(len(judgments.system_a.labels), -1, dtype=np.int64)
    for number, system in enumerate(systems):
        place[judgments.system_a.code(system)] = number
    first, second = place[judgments.system_a.codes], place[judgments.system_b.codes]
    halves = np.where(judgments.choice == 0, 2, np.where(judgments.choice == 1, 0, 1))
    return (
        np.concatenate([judgments.sample.codes, judgments.sample.codes]),
        np.concatenate([first * len(systems) + second, second * len(systems) + first]),
        np.concatenate([halves, 2 - halves]),
    )


def sample_patterns(judgments: Judgments, systems: Sequence[str]) -> tuple[sparse.csr_array, Ints]:
    """Different sets of outcomes a sample had (patterns x cells, half wins), and how many samples had
    each."""
    sample, cell, halves = half_wins(judgments, systems)
    found, place = np.unique(sample, return_inverse=True)
    matrix = counted(place, cell, (len(found), len(systems) ** 2), halves.astype(np.float64))
    matrix.eliminate_zeros()
    rows: dict[bytes, int] = {}
    counts: list[int] = []
    chosen: list[int] = []
    for row in range(len(found)):
        here = slice(matrix.indptr[row], matrix.indptr[row + 1])
        key = matrix.indices[here].tobytes() + matrix.data[here].tobytes()
        number = rows.setdefault(key, len(rows))
        if number == len(counts):
            counts.append(0)
            chosen.append(row)
        counts[number] += 1
    # Patterns in an order that does not depend on how samples are named.
    order = [number for _, number in sorted(rows.items())]
    picked = matrix[[chosen[number] for number in order]] if order else matrix
    return picked, np.array([counts[number] for number in order], dtype=np.int64)


def bradley_terry(
    judgments: Judgments, *, seed: int, systems: Sequence[str] | None = None
) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    """Ability and Elo of every system with bootstrap intervals over samples, and a report on the fit."""
    systems = tuple(systems or judgments.systems())
    size = len(systems)
    patterns, sizes = sample_patterns(judgments, systems)
    wins = (
        np.asarray(sizes.astype(np.float64) @ patterns).reshape(size, size) / 2
        if len(sizes)
        else np.zeros((size, size))
    )
    found = fit(wins, systems)
    report: dict[str, object] = {
        "steps": found.steps,
        "converged": found.converged,
        "largest_gap": found.largest_gap,
        "parts": [list(part) for part in found.parts],
    }
    if found.abilities is None:
        reason = _no_estimate(found.parts)
        nothing = undefined(reason, NAME)
        report["reason"] = reason
        return {
            system: {"ability": nothing.figures(), "elo": nothing.figures()} for system in systems
        }, report
    resampled, method = _resampled(patterns, sizes, systems, seed)
    strengths: dict[str, dict[str, object]] = {}
    for number, system in enumerate(systems):
        value = float(found.abilities[number])
        if len(sizes) == 0 or int(sizes.sum()) == 1:
            ability = Estimate(value, None, None, NAME, reason="one sample gives no interval")
        else:
            ability = with_interval(
                value, resampled[:, number], method, "the systems were not linked by wins"
            )
        strengths[system] = {"ability": ability.figures(), "elo": _elo(ability).figures()}
    return strengths, report


def _resampled(
    patterns: sparse.csr_array, sizes: Ints, systems: Sequence[str], seed: int
) -> tuple[Floats, str]:
    size = len(systems)
    resamples = affordable(len(sizes) + size * size, RESAMPLES)

    def abilities(weights: Floats) -> Floats:
        wins = np.asarray(weights @ patterns).reshape(len(weights), size, size) / 2
        linked = np.array([len(connected_parts(one, systems)) == 1 for one in wins])
        found = np.full((len(weights), size), np.nan)
        if linked.any():
            values, _, gap = iterate(wins[linked], tolerance=RESAMPLE_TOLERANCE, most_steps=RESAMPLE_STEPS)
            values[gap > 100 * RESAMPLE_TOLERANCE] = np.nan
            found[linked] = values
        return found

    return (
        bootstrap(sizes, abilities, generator(seed, "bradley_terry"), resamples),
        f"{NAME}; {described('samples', resamples)}",
    )


def _elo(ability: Estimate) -> Estimate:
    def scaled(value: float | None) -> float | None:
        return None if value is None else ELO_CENTRE + ELO_SCALE * value

    return Estimate(
        scaled(ability.value),
        scaled(ability.low),
        scaled(ability.high),
        f"1000 + 400/ln 10 x ability; {ability.method}",
        reason=ability.reason,
    )


def _no_estimate(parts: Sequence[Sequence[str]]) -> str:
    if len(parts) < 2:
        return "two systems are needed"
    named = "; ".join(", ".join(part) for part in parts)
    return f"no finite estimate: wins do not link these parts in both directions: {named}"

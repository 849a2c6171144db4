"""A study's settings, frozen when it opens: what raters are asked, how many, how votes are read.

Pure. ``Study.protocol`` holds ``Protocol.as_json()``; nothing else writes that column.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from raters.studies.errors import ProtocolRefused, SettingProblem

MOST_RATERS_PER_SAMPLE = 15
MOST_CRITERIA = 8
MOST_ARMS = 12
#: A seed stays within what every generator and every file format takes without loss.
MOST_SEED = 2**53 - 1
#: A scale of scores has 2 to this many labels.
MOST_LABELS = 9
MOST_LABEL_CHARACTERS = 30
KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing raters decide. ``key`` names it in files and forms, ``question`` is what they read."""

    key: str
    question: str


OVERALL = Criterion("overall", "Which answer is better?")
#: The scale of scores where none is named, from lowest to highest.
DEFAULT_SCALE = ("poor", "weak", "fair", "good", "excellent")


@dataclass(frozen=True, slots=True)
class Protocol:
    """The frozen settings. ``systems`` in declared order; ``left_out`` are keys of samples not compared.

    ``margin`` is the non-inferiority margin on the win-rate scale. ``comparisons`` counts what was opened.
    ``graded``: a preference has a strength, 1 to 3. ``scale``: the labels of the scores that each output
    gets, lowest first and counted from 1; none when no scores are asked.
    """

    systems: tuple[str, ...]
    criteria: tuple[Criterion, ...] = (OVERALL,)
    raters_per_sample: int = 3
    margin: float = 0.1
    seed: int = 0
    both_bad_as_tie: bool = False
    comparisons: int = 0
    left_out: tuple[str, ...] = ()
    graded: bool = False
    scale: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """What the study's row keeps; ``from_json`` reads it back to an equal value."""
        return {
            "systems": list(self.systems),
            "criteria": [{"key": each.key, "question": each.question} for each in self.criteria],
            "raters_per_sample": self.raters_per_sample,
            "margin": self.margin,
            "seed": self.seed,
            "both_bad_as_tie": self.both_bad_as_tie,
            "comparisons": self.comparisons,
            "left_out": list(self.left_out),
            "graded": self.graded,
            "scale": list(self.scale),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> "Protocol":
        """The protocol of a study's row. The row was written by ``as_json``, so types are taken on trust."""
        criteria = cast("Iterable[Mapping[str, str]]", stored["criteria"])
        return cls(
            systems=tuple(cast("Sequence[str]", stored["systems"])),
            criteria=tuple(Criterion(each["key"], each["question"]) for each in criteria),
            raters_per_sample=cast("int", stored["raters_per_sample"]),
            margin=cast("float", stored["margin"]),
            seed=cast("int", stored["seed"]),
            both_bad_as_tie=cast("bool", stored["both_bad_as_tie"]),
            comparisons=cast("int", stored["comparisons"]),
            left_out=tuple(cast("Sequence[str]", stored["left_out"])),
            graded=cast("bool", stored.get("graded", False)),
            scale=tuple(cast("Sequence[str]", stored.get("scale", ()))),
        )


def read_criteria(lines: Iterable[str]) -> tuple[Criterion, ...]:
    """Criteria from lines of ``key: question``; a lone key asks for the better answer in that respect.

    Blank lines are passed over. Raises ``ProtocolRefused`` with every line that cannot be read.
    """
    criteria: list[Criterion] = []
    problems: list[SettingProblem] = []
    for line in lines:
        key, _, question = (part.strip() for part in line.partition(":"))
        if not key and not question:
            continue
        if not KEY.fullmatch(key):
            problems.append(
                SettingProblem(
                    "criteria",
                    f"“{key}” cannot name a criterion: use small letters, digits and underscores, "
                    "beginning with a letter, at most 40; a question may follow after a colon",
                )
            )
            continue
        asked = question or (OVERALL.question if key == OVERALL.key else _question_about(key))
        criteria.append(Criterion(key, asked))
    if problems:
        raise ProtocolRefused(*problems)
    return tuple(criteria) or (OVERALL,)


def read_scale(text: str) -> tuple[str, ...]:
    """The labels of a scale from ``1: poor, 2: fair, 3: good``, by commas or lines; none for an empty text.

    The numbers may be left out; where they stand they must count from 1. Raises ``ProtocolRefused``.
    """
    labels: list[str] = []
    for part in re.split(r"[,\n]", text):
        if not part.strip():
            continue
        number, colon, label = (piece.strip() for piece in part.partition(":"))
        if colon and number != str(len(labels) + 1):
            raise ProtocolRefused(
                SettingProblem(
                    "scores",
                    f"“{part.strip()}” should have the number {len(labels) + 1}; write the labels from "
                    "lowest to highest, for instance 1: poor, 2: fair, 3: good",
                )
            )
        labels.append(label if colon else number)
    if problems := _scale_problems(labels):
        raise ProtocolRefused(*problems)
    return tuple(labels)


def _question_about(key: str) -> str:
    return f"Which answer is better: {key.replace('_', ' ')}?"


def checked(protocol: Protocol) -> Protocol:
    """The protocol itself, or ``ProtocolRefused`` with every problem it has."""
    problems: list[SettingProblem] = []
    if not 1 <= protocol.raters_per_sample <= MOST_RATERS_PER_SAMPLE:
        problems.append(SettingProblem("raters per sample", f"must be 1 to {MOST_RATERS_PER_SAMPLE}"))
    if not 0 < protocol.margin < 0.5:
        problems.append(SettingProblem("margin", "must lie between 0 and 0.5, for instance 0.1"))
    if not 0 <= protocol.seed <= MOST_SEED:
        problems.append(SettingProblem("seed", f"must be a whole number from 0 to {MOST_SEED}"))
    if not 2 <= len(protocol.systems) <= MOST_ARMS:
        problems.append(SettingProblem("systems", f"a study compares 2 to {MOST_ARMS} systems"))
    keys = [criterion.key for criterion in protocol.criteria]
    if not 1 <= len(keys) <= MOST_CRITERIA:
        problems.append(SettingProblem("criteria", f"a study asks 1 to {MOST_CRITERIA} criteria"))
    problems += [
        SettingProblem("criteria", f"“{key}” is asked twice; give each criterion its own key")
        for key in sorted({key for key in keys if keys.count(key) > 1})
    ]
    problems += _scale_problems(protocol.scale)
    if problems:
        raise ProtocolRefused(*problems)
    return protocol


def _scale_problems(scale: Sequence[str]) -> list[SettingProblem]:
    if not scale:
        return []
    problems: list[SettingProblem] = []
    if not 2 <= len(scale) <= MOST_LABELS:
        problems.append(SettingProblem("scores", f"a scale has 2 to {MOST_LABELS} labels"))
    if len(set(scale)) < len(scale):
        problems.append(SettingProblem("scores", "the labels must differ"))
    if not all(0 < len(label) <= MOST_LABEL_CHARACTERS for label in scale):
        problems.append(SettingProblem("scores", f"a label has 1 to {MOST_LABEL_CHARACTERS} characters"))
    return problems

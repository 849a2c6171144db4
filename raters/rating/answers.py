"""What a rater answers to a criterion, checked against what the study asks. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from raters.models.seats import Choice
from raters.rating.errors import AnswersRefused

#: Strengths of a preference run from 1 (slightly) to this (much).
MOST_STRENGTH = 3
DECISIVE = frozenset({Choice.LEFT, Choice.RIGHT})


@dataclass(frozen=True, slots=True)
class Given:
    """An answer to one criterion, as shown.

    ``strength`` is 1 to 3 where preference is graded and one side is better; the scores count from 1.
    """

    choice: str
    strength: int | None = None
    score_left: int | None = None
    score_right: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a study asks: criteria keys, whether strength, and how many points its scale of scores has."""

    criteria: Sequence[str]
    graded: bool = False
    points: int = 0


#: By criterion; a bare choice stands for ``Given(choice)``.
Answers = Mapping[str, str | Given]


def checked(answers: Answers, asked: Asked) -> dict[str, Given]:
    """The answers in the order asked; a strength beside a tie or "both bad" means nothing and is dropped.

    Raises ``AnswersRefused`` with every criterion whose answer is missing, incomplete or off the scale.
    """
    given = {key: Given(answer) if isinstance(answer, str) else answer for key, answer in answers.items()}
    wrong = [key for key in asked.criteria if key not in given or not _is_whole(given[key], asked)]
    wrong += sorted(set(given) - set(asked.criteria))
    if wrong:
        raise AnswersRefused(*wrong)
    return {
        key: given[key] if given[key].choice in DECISIVE else replace(given[key], strength=None)
        for key in asked.criteria
    }


def _is_whole(given: Given, asked: Asked) -> bool:
    if given.choice not in Choice.values:
        return False
    if given.choice in DECISIVE:
        most = MOST_STRENGTH if asked.graded else 0
        if not _on_scale(given.strength, most):
            return False
    return _on_scale(given.score_left, asked.points) and _on_scale(given.score_right, asked.points)


def _on_scale(value: int | None, most: int) -> bool:
    return value is None if most == 0 else value is not None and 1 <= value <= most

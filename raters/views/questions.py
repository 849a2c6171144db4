"""The questions of a comparison as the page asks them, and the answers as its form sends them back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from raters.rating.answers import Given
from raters.rating.blinding import BlindComparison

CHOICE, SCORE_LEFT, SCORE_RIGHT = "choice-", "left-", "right-"
#: Between a choice and its strength in one value, as in ``left:3``.
GRADE = ":"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; ``place`` is left, middle or right.

    ``keys`` choose it; ``key`` is the one shown, unless the label shows it.
    """

    value: str
    label: str
    place: str
    keys: str
    key: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to answer; ``shape`` is ``plain``, ``graded`` or ``score``."""

    name: str
    text: str
    shape: str
    options: tuple[Option, ...]


def questions_of(comparison: BlindComparison, entered: Mapping[str, str]) -> list[Question]:
    """What the page asks, in order: for each criterion the two scores, where asked, and then the choice.

    ``entered`` holds by field name what is marked as chosen.
    """
    return list(_questions(comparison, entered))


def answers_in(posted: Mapping[str, object]) -> tuple[dict[str, Given], dict[str, str]]:
    """The answers in a form by criterion, and its fields as entered. Whether they are whole is not asked."""
    entered = {
        name: value
        for name, value in posted.items()
        if name.startswith((CHOICE, SCORE_LEFT, SCORE_RIGHT)) and isinstance(value, str)
    }
    answers: dict[str, Given] = {}
    for name, value in entered.items():
        if not name.startswith(CHOICE):
            continue
        key = name.removeprefix(CHOICE)
        choice, _colon, strength = value.partition(GRADE)
        answers[key] = Given(
            choice,
            _number(strength),
            _number(entered.get(SCORE_LEFT + key, "")),
            _number(entered.get(SCORE_RIGHT + key, "")),
        )
    return answers, entered


def entered_of(answers: Mapping[str, Given]) -> dict[str, str]:
    """The fields that a form with these answers would hold."""
    entered: dict[str, str] = {}
    for key, given in answers.items():
        entered[CHOICE + key] = given.choice + (f"{GRADE}{given.strength}" if given.strength else "")
        for prefix, score in ((SCORE_LEFT, given.score_left), (SCORE_RIGHT, given.score_right)):
            if score is not None:
                entered[prefix + key] = str(score)
    return entered


def _number(text: str) -> int | None:
    return int(text) if len(text) == 1 and text in "0123456789" else None


def _questions(comparison: BlindComparison, entered: Mapping[str, str]) -> Iterator[Question]:
    several = len(comparison.criteria) > 1
    plain = len(comparison.criteria) == 1 and not comparison.scale
    for criterion in comparison.criteria:
        if comparison.scale:
            about = f" · {criterion.key.replace('_', ' ')}" if several else ""
            for prefix, text in (
                (SCORE_LEFT, _("Score for the left")),
                (SCORE_RIGHT, _("Score for the right")),
            ):
                name = prefix + criterion.key
                options = _scores(comparison.scale, entered.get(name, ""))
                yield Question(name, text + about, "score", options)
        name = CHOICE + criterion.key
        if comparison.graded:
            yield Question(name, criterion.question, "graded", _grades(entered.get(name, "")))
        else:
            yield Question(
                name, criterion.question, "plain", _choices(entered.get(name, ""), short=not plain)
            )


def _choices(entered: str, *, short: bool) -> tuple[Option, ...]:
    rows = (
        ("left", _("Left") if short else _("Left is better"), "left", "1 arrowleft", "←"),
        ("tie", _("Tie"), "middle", "3 t", "T"),
        ("both_bad", _("Both bad"), "middle", "4 b", "B"),
        ("right", _("Right") if short else _("Right is better"), "right", "2 arrowright", "→"),
    )
    return tuple(Option(*row, chosen=row[0] == entered) for row in rows)


def _grades(entered: str) -> tuple[Option, ...]:
    rows = (
        ("left:3", _("Left much better"), "left", "1", "1"),
        ("left:2", _("Left clearly better"), "left", "2", "2"),
        ("left:1", _("Left slightly better"), "left", "3", "3"),
        ("tie", _("Tie"), "middle", "4 t", "4"),
        ("both_bad", _("Both bad"), "middle", "b 0", "B"),
        ("right:1", _("Right slightly better"), "right", "5", "5"),
        ("right:2", _("Right clearly better"), "right", "6", "6"),
        ("right:3", _("Right much better"), "right", "7", "7"),
    )
    return tuple(Option(*row, chosen=row[0] == entered) for row in rows)


def _scores(scale: tuple[str, ...], entered: str) -> tuple[Option, ...]:
    return tuple(
        Option(str(number), f"{number} {label}", "middle", str(number), "", chosen=str(number) == entered)
        for number, label in enumerate(scale, start=1)
    )

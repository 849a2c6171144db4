"""What counts as an answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raters.rating.answers import Asked, Given, checked
from raters.rating.errors import AnswersRefused

GRADED = Asked(["overall"], graded=True)
SCORED = Asked(["overall", "tone"], points=5)


def test_a_bare_choice_answers_a_study_that_asks_no_more() -> None:
    assert checked({"overall": "left"}, Asked(["overall"])) == {"overall": Given("left")}


def test_a_graded_preference_needs_its_strength_and_a_tie_has_none() -> None:
    assert checked({"overall": Given("right", 3)}, GRADED) == {"overall": Given("right", 3)}
    for choice in ("tie", "both_bad"):
        assert checked({"overall": Given(choice, 2)}, GRADED) == {"overall": Given(choice)}
    for strength in (None, 0, 4):
        with pytest.raises(AnswersRefused):
            checked({"overall": Given("left", strength)}, GRADED)


def test_a_strength_or_a_score_that_is_not_asked_is_refused() -> None:
    for answer in (Given("left", 1), Given("left", None, 1, 1)):
        with pytest.raises(AnswersRefused):
            checked({"overall": answer}, Asked(["overall"]))


def test_every_criterion_with_a_missing_or_impossible_score_is_named() -> None:
    with pytest.raises(AnswersRefused) as refused:
        checked({"overall": Given("tie", None, 5, 6), "tone": Given("tie", None, None, 1)}, SCORED)
    assert refused.value.criteria == ("overall", "tone")


@given(
    choice=st.sampled_from(["left", "right", "tie", "both_bad", "", "both"]),
    strength=st.none() | st.integers(-1, 5),
    scores=st.tuples(st.none() | st.integers(-1, 7), st.none() | st.integers(-1, 7)),
    graded=st.booleans(),
    points=st.sampled_from([0, 2, 5]),
)
def test_what_is_taken_always_fits_what_was_asked(
    choice: str, strength: int | None, scores: tuple[int | None, int | None], graded: bool, points: int
) -> None:
    asked = Asked(["overall"], graded, points)
    try:
        taken = checked({"overall": Given(choice, strength, *scores)}, asked)["overall"]
    except AnswersRefused:
        return
    assert taken.choice in {"left", "right", "tie", "both_bad"}
    assert (taken.strength in {1, 2, 3}) == (graded and taken.choice in {"left", "right"})
    for score in (taken.score_left, taken.score_right):
        assert (score is None) == (points == 0)
        assert score is None or 1 <= score <= points

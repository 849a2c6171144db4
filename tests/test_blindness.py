"""Nothing a rater is sent tells which system stands where; the detector finds every leak that is planted."""

import random
from collections import Counter

import pytest
from pytest_django import Settings

from raters.rating.sides import owed, paid
from raters.studies.pairing import Pair, Side, plan_seats
from raters.studies.scanning import find_self_naming
from tests.blindness import planting, texts
from tests.blindness.detecting import findings, foretold, page_findings, share_z
from tests.blindness.observing import twin_study, walk
from tests.blindness.planting import RESPONSES, SEATS, Planted

KINDS = ("qa", "summarize", "code", "classify", "chat")
DOORS = {"next", "page", "head", "picture", "refused", "foreign", "accepted", "last"}


def told(samples: int) -> list[str]:
    """What two studies of twins both told. Chance alone rarely tells, and never twice the same."""
    looks = walk(twin_study("first", samples=samples))
    assert {look.door.removeprefix("first ") for look in looks} == DOORS
    found = findings(looks)
    if not found:
        return found
    again = findings(walk(twin_study("second", samples=samples)))
    return [each for each in found if each in again]


@pytest.mark.django_db
def test_equal_texts_of_two_systems_give_one_and_the_same_response_at_every_door() -> None:
    assert told(samples=24) == []


@pytest.mark.django_db
@pytest.mark.parametrize("kind", KINDS)
def test_equal_texts_of_every_kind_give_one_and_the_same_response(kind: str) -> None:
    assert page_findings(walk(twin_study(kind=kind, samples=5), raters=1)) == []


@pytest.mark.slow
@pytest.mark.django_db
def test_two_thousand_pages_of_equal_texts_are_one_page() -> None:
    assert told(samples=670) == []


def test_more_than_twenty_kinds_of_leak_are_planted() -> None:
    assert len(RESPONSES) + len(SEATS) >= 30


@pytest.mark.django_db
@pytest.mark.parametrize("leak", RESPONSES)
def test_a_leak_planted_in_the_responses_is_found(
    leak: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{Planted.__module__}.{Planted.__name__}"]
    monkeypatch.setattr(planting, "planted", [RESPONSES[leak]])
    assert page_findings(walk(twin_study(samples=5), raters=1))


@pytest.mark.django_db
@pytest.mark.parametrize("leak", SEATS)
def test_a_leak_planted_in_the_drawing_is_found(leak: str) -> None:
    study = twin_study(samples=30)
    planting.retell(study, SEATS[leak])
    assert findings(walk(study, raters=1))


@pytest.mark.django_db
def test_the_planting_itself_tells_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{Planted.__module__}.{Planted.__name__}"]
    monkeypatch.setattr(planting, "planted", [planting.nothing])
    assert page_findings(walk(twin_study(samples=5), raters=1)) == []


def test_over_ten_thousand_seats_each_system_stands_left_half_the_time() -> None:
    planned = [Pair(sample, (0, 1), 2 * sample, 2 * sample + 1) for sample in range(3_334)]
    for seed in range(5):
        seats = plan_seats(planned, 3, random.Random(seed))
        assert len(seats) == 10_002
        assert abs(sum(seat.shown_left == "a" for seat in seats) / len(seats) - 0.5) <= 0.013
        split = Counter(
            Counter(seat.shown_left for seat in seats if seat.comparison == number)["a"]
            for number in range(100)
        )
        assert set(split) == {1, 2}


def test_what_a_rater_is_owed_is_even_and_cannot_be_foretold() -> None:
    history = drawn(10_000, random.Random(11))
    assert abs(2 * sum(history) - len(history)) <= 2
    assert 0.5 < foretold([history]) < 0.85


def test_a_strict_alternation_would_be_foretold() -> None:
    alternating = [number % 2 == 0 for number in range(40)]
    assert abs(share_z(alternating)) < 1
    assert foretold([alternating]) == 1.0


def drawn(count: int, chance: random.Random) -> list[bool]:
    left, history = "", []
    for _ in range(count):
        left = owed(left, chance)
        side: Side = "a" if left[0] == "a" else "b"
        history.append(side == "a")
        left = paid(left, side)
    return history


def test_texts_that_name_themselves_are_found() -> None:
    missed = [text for text in texts.NAMING if not find_self_naming(text)]
    assert len(missed) <= 0.02 * len(texts.NAMING), missed


def test_texts_merely_about_models_are_left_alone() -> None:
    wrong = [text for text in texts.MERELY_ABOUT if find_self_naming(text)]
    assert len(wrong) <= 0.02 * len(texts.MERELY_ABOUT), wrong

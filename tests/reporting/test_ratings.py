"""ratings.csv as the database writes it."""

import csv
import io

import pytest

from evalapp.reports.rows import RATINGS_COLUMNS, Side, choice_of
from raters.reporting.ratings import ratings_csv
from tests.reporting.studies import Said, StudyCast, open_study

pytestmark = pytest.mark.django_db


def exported(cast: StudyCast) -> bytes:
    return b"".join(ratings_csv(cast.study.pk))


def rows(cast: StudyCast) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported(cast).decode(), newline="")))


def test_a_study_without_judgments_is_a_header() -> None:
    cast = open_study()
    assert exported(cast) == (",".join(RATINGS_COLUMNS) + "\n").encode()


def test_one_judgment_is_one_line_byte_for_byte() -> None:
    cast = open_study()
    cast.judge(0, 1, "left", said=Said("clear", strength=3, score_left=4, score_right=2))
    assert exported(cast).decode().splitlines()[1] == (
        'Small against large,c000001,q1,qa,overall,R2,1,small,"large, with a comma",b,left,b,3,2,4,clear,'
        "counted,,2026-03-02T12:00:00.123Z,2026-03-02T12:00:05.123Z,2026-03-02T12:00:20.123Z,12.34,1"
    )


@pytest.mark.parametrize("choice_shown", ["left", "right", "tie", "both_bad"])
@pytest.mark.parametrize("shown_left", ["a", "b"])
def test_left_and_right_become_the_systems_that_stood_there(shown_left: Side, choice_shown: str) -> None:
    cast = open_study(samples=1, first_side=shown_left)
    cast.judge(0, 0, choice_shown, said=Said(score_left=5, score_right=1))
    (row,) = rows(cast)
    assert row["shown_left"] == shown_left
    assert row["choice_shown"] == choice_shown
    expected = {
        ("a", "left"): "a",
        ("a", "right"): "b",
        ("b", "left"): "b",
        ("b", "right"): "a",
    }.get((shown_left, choice_shown), choice_shown)
    assert row["choice"] == expected == choice_of(shown_left, choice_shown)  # type: ignore[arg-type]
    assert (row["score_a"], row["score_b"]) == (("5", "1") if shown_left == "a" else ("1", "5"))


def test_a_corrected_judgment_is_kept_as_superseded() -> None:
    cast = open_study(samples=1)
    first = cast.judge(0, 0, "left")
    second = cast.correct(first, "right")
    cast.correct(second, "tie")
    assert [(row["choice_shown"], row["status"], row["revision"]) for row in rows(cast)] == [
        ("left", "superseded", "1"),
        ("right", "superseded", "2"),
        ("tie", "counted", "3"),
    ]


def test_a_late_judgment_of_a_seat_taken_again_is_surplus() -> None:
    cast = open_study(samples=1)
    late = cast.judge(0, 0, "left", rater=1, status="surplus")
    cast.judge(0, 0, "right", rater=0)
    cast.correct(late, "tie")
    assert [(row["rater"], row["choice_shown"], row["status"]) for row in rows(cast)] == [
        ("R2", "left", "superseded"),
        ("R1", "right", "counted"),
        ("R2", "tie", "surplus"),
    ]


@pytest.mark.parametrize(
    "comment",
    [
        'she said "no, both"\r\nand left',
        "žluťoučký 🐎 漢字 \u2028 line separator",
        "\\N",
        "\\.",
        "=HYPERLINK(1)",
        " spaced ",
        "tab\there",
        "\u202eevil\u202c",
    ],
)
def test_a_comment_comes_back_exactly(comment: str) -> None:
    cast = open_study(samples=1)
    cast.judge(0, 0, "tie", said=Said(comment))
    (row,) = rows(cast)
    assert row["comment"] == comment


def test_several_criteria_are_several_rows_in_the_order_asked() -> None:
    cast = open_study(samples=2, criteria=("overall", "accuracy"))
    cast.judge(1, 2, "right", criteria=("overall", "accuracy"))
    cast.judge(0, 0, "left", criteria=("overall", "accuracy"))
    assert [(row["comparison"], row["seat"], row["criterion"]) for row in rows(cast)] == [
        ("c000001", "0", "overall"),
        ("c000001", "0", "accuracy"),
        ("c000002", "2", "overall"),
        ("c000002", "2", "accuracy"),
    ]


def test_another_study_of_the_same_place_does_not_show() -> None:
    cast, other = open_study(), open_study("Another study")
    other.judge(0, 0, "left")
    assert rows(cast) == []
    assert [row["study"] for row in rows(other)] == ["Another study"]


def test_missing_times_are_empty_fields() -> None:
    cast = open_study(samples=1)
    cast.judge(0, 0, "tie", said=Said(acted=False))
    (row,) = rows(cast)
    assert (row["first_action_at"], row["active_seconds"]) == ("", "")

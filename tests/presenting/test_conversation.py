"""Turns put together from messages and replies."""

from evalapp.presenting.conversation import Turn, turns


def test_each_message_stands_with_its_reply() -> None:
    assert turns({"turns": ["a", "b"]}, ("x", "y")) == (Turn(1, "a", "x"), Turn(2, "b", "y"))


def test_a_missing_reply_is_none_and_a_surplus_one_is_kept() -> None:
    assert turns({"turns": ["a", "b"]}, ["x"]) == (Turn(1, "a", "x"), Turn(2, "b", None))
    assert turns({"turns": ["a"]}, ["x", "y"]) == (Turn(1, "a", "x"), Turn(2, "", "y"))


def test_a_single_text_is_the_only_reply() -> None:
    assert turns({"turns": ["a"]}, "x") == (Turn(1, "a", "x"),)
    assert turns({}, None) == ()

"""Cutting long texts: nothing lost, nothing too long, the best borders first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.kinds.splitting import split
from evalapp.providers.messages import estimate_tokens

prose = st.text(st.sampled_from("ab .!?\n\t\u2028。é🗼"), max_size=300) | st.text(max_size=200)


@given(prose, st.integers(1, 40))
def test_no_character_is_lost_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit, estimate_tokens)
    assert "".join(parts) == text
    assert all(part and estimate_tokens(part) <= limit for part in parts)


def words_and_joints(text: str) -> int:
    """A tokenizer under which a whole has more tokens than its pieces together."""
    return len(text.split()) + text.count(" ")


@given(prose, st.integers(2, 30))
def test_a_tokenizer_that_does_not_add_up_is_obeyed_too(text: str, limit: int) -> None:
    parts = split(text, limit, words_and_joints)
    assert "".join(parts) == text
    assert all(words_and_joints(part) <= limit for part in parts)


@given(prose)
def test_a_text_that_fits_is_one_part(text: str) -> None:
    assert split(text, estimate_tokens(text) + 1, estimate_tokens) == ([text] if text else [])


def test_paragraphs_stay_together_before_sentences_and_sentences_before_words() -> None:
    text = "One two. Three four.\n\nFive six. Seven eight.\n\nNine."
    count = lambda part: len(part.split())  # noqa: E731
    assert split(text, 4, count) == [
        "One two. Three four.\n\n",
        "Five six. Seven eight.\n\n",
        "Nine.",
    ]
    assert split(text, 5, count) == [
        "One two. Three four.\n\n",
        "Five six. Seven eight.\n\nNine.",
    ]
    assert split(text, 2, count) == [
        "One two. ",
        "Three four.\n\n",
        "Five six. ",
        "Seven eight.\n\n",
        "Nine.",
    ]
    assert split("One two three.", 2, count) == ["One two ", "three."]


def test_a_word_that_does_not_fit_is_cut_between_characters() -> None:
    assert split("abcdefgh", 4, len) == ["abcd", "efgh"]


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1 tokens"):
        split("a", 1, lambda part: 2 * len(part))
    with pytest.raises(ValueError, match="at least 1"):
        split("a", 0, len)

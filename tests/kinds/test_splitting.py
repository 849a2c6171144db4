"""Cutting long texts: nothing lost, nothing too long, the best borders first, in linear time."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.kinds.splitting import split
from evalapp.providers.messages import estimate_tokens
from evalapp.registry.tokenizing import count_tokens

prose = st.text(st.sampled_from("ab .!?\n\t\u2028。é🗼"), max_size=300) | st.text(max_size=200)
words = st.sampled_from(["the", "sea", "Dr.", "e.g.", "1,204", "naïve", "(so)", "“yes”", "再见。"])
sentences = st.lists(words, min_size=1, max_size=30).map(lambda each: " ".join(each) + ". ")
paragraphs = st.lists(sentences, min_size=1, max_size=8).map("".join)
documents = st.lists(paragraphs, min_size=1, max_size=12).map("\n\n".join)


@given(prose, st.integers(1, 40))
def test_no_character_is_lost_and_no_part_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit, estimate_tokens)
    assert "".join(parts) == text
    assert all(part and estimate_tokens(part) <= limit for part in parts)


@given(documents, st.integers(8, 400))
def test_documents_counted_by_a_real_tokenizer_are_whole_and_fit(document: str, limit: int) -> None:
    parts = split(document, limit, count_tokens)
    assert "".join(parts) == document
    assert all(part and count_tokens(part) <= limit for part in parts)


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
    assert split("One two three four.", 2, count) == ["One two ", "three four."]


def test_parts_are_of_about_one_size_whatever_the_paragraphs_are() -> None:
    document = "A short heading\n\n" + "Then comes a very long paragraph. " * 200 + "\n\nAn end."
    parts = split(document, 300, count_tokens)
    sizes = [count_tokens(part) for part in parts]
    assert len(parts) == -(-count_tokens(document) // 300)
    assert min(sizes) > 0.8 * max(sizes)


def test_a_paragraphs_end_is_worth_a_shorter_part_but_not_any() -> None:
    count = lambda part: len(part.split())  # noqa: E731
    line = "one two three four five six seven eight nine ten. "
    assert split(line * 3 + "\n\n" + line * 5, 50, count) == [line * 3 + "\n\n", line * 5]
    assert split(line + "\n\n" + line * 7, 50, count) == [line + "\n\n" + line * 3, line * 4]


def test_an_abbreviation_does_not_end_a_sentence() -> None:
    count = lambda part: len(part.split())  # noqa: E731
    text = "We saw ships, e.g. the old ferry. It left."
    assert split(text, 7, count) == ["We saw ships, e.g. the old ferry. ", "It left."]


def test_a_word_that_does_not_fit_is_cut_between_characters() -> None:
    assert split("abcdefgh", 4, len) == ["abcd", "efgh"]


LONG_TEXTS = {
    "sentences": "It was a dark night. " * 9_000,
    "one endless sentence": "and so on " * 18_000,
    "one endless word": "abcdefghi" * 20_000,
    "white space": " " * 180_000,
    "empty lines": ("\n" + " " * 8) * 20_000,
    "full stops": ".'" * 90_000,
    "Chinese": "今天天气很好。" * 9_000,
}


@pytest.mark.parametrize("name", LONG_TEXTS)
def test_a_text_is_counted_a_bounded_number_of_times_however_long_it_is(name: str) -> None:
    text = LONG_TEXTS[name]
    read = 0

    def counted(part: str) -> int:
        nonlocal read
        read += len(part)
        return count_tokens(part)

    for length in (len(text) // 4, len(text)):
        read = 0
        part_tokens = max(10, count_tokens(text[:length]) // 40)
        parts = split(text[:length], part_tokens, counted)
        assert "".join(parts) == text[:length]
        # Once whole, once in pieces, once in parts; a stretch without borders by halves until it is small.
        assert read <= (20 if len(text.split()) < 2 else 6) * length


def test_any_mixture_of_long_texts_is_whole_and_fits() -> None:
    rng = random.Random(5)
    names = sorted(LONG_TEXTS)
    text = "".join(LONG_TEXTS[name][: rng.randrange(20_000)] for name in rng.choices(names, k=12))
    for limit in (50, 1_000, 8_000):
        parts = split(text, limit, count_tokens)
        assert "".join(parts) == text
        assert max(map(count_tokens, parts)) <= limit


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 1 tokens"):
        split("a", 1, lambda part: 2 * len(part))
    with pytest.raises(ValueError, match="at least 1"):
        split("a", 0, len)

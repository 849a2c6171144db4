"""Cuts a long text into parts that fit, at the best borders there are, losing nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

# From the border one would choose first to the one nobody wants: after a blank line, after a line, after a
# sentence, after a word. Each pattern matches one unit with the white space that follows it.
BORDERS = (
    re.compile(r".+?(?:\n[^\S\n]*\n\s*|\Z)", re.DOTALL),
    re.compile(r".+?(?:\n\s*|\Z)", re.DOTALL),
    re.compile(r".+?(?:[.!?][\"'”’)\]]*\s+|[。！？]\s*|\Z)", re.DOTALL),
    re.compile(r"\s*\S+\s*|\s+"),
)


def split(text: str, max_tokens: int, count_tokens: Callable[[str], int]) -> list[str]:
    """Parts of at most `max_tokens` each, which joined give the text again.

    Parts end at paragraphs; a paragraph that does not fit is cut at lines, then sentences, then words, and
    only a word that does not fit between characters. An empty text has no parts. Raises ValueError when not
    even a single character fits.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    return list(_parts(text, max_tokens, count_tokens, 0))


def _parts(text: str, max_tokens: int, count_tokens: Callable[[str], int], level: int) -> Iterator[str]:
    if not text:
        return
    if count_tokens(text) <= max_tokens:
        yield text
        return
    if level == len(BORDERS):
        yield from _characters(text, max_tokens, count_tokens)
        return
    packed: list[str] = []
    packed_tokens = 0
    for found in BORDERS[level].finditer(text):
        unit = found.group()
        tokens = count_tokens(unit)
        if packed and packed_tokens + tokens > max_tokens:
            yield from _checked("".join(packed), max_tokens, count_tokens, level)
            packed, packed_tokens = [], 0
        packed.append(unit)
        packed_tokens += tokens
    yield from _checked("".join(packed), max_tokens, count_tokens, level)


def _checked(part: str, max_tokens: int, count_tokens: Callable[[str], int], level: int) -> Iterator[str]:
    """The part, cut at finer borders when it is one large unit, or when its tokens are more than the sum of
    its units' tokens, as some tokenizers have it."""
    yield from _parts(part, max_tokens, count_tokens, level + 1)


def _characters(text: str, max_tokens: int, count_tokens: Callable[[str], int]) -> Iterator[str]:
    """Halves until it fits: a text without any border is rare, and halving needs few counts."""
    if count_tokens(text) <= max_tokens:
        yield text
        return
    if len(text) == 1:
        raise ValueError(f"the character {text!r} has more than {max_tokens} tokens")
    middle = len(text) // 2
    yield from _characters(text[:middle], max_tokens, count_tokens)
    yield from _characters(text[middle:], max_tokens, count_tokens)

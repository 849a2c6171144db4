"""Cuts a long text into parts of about one size that fit, at the best borders there are, losing nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

CountTokens = Callable[[str], int]


class Border(IntEnum):
    """What a part may end with, from the border one would choose first to the one nobody wants."""

    PARAGRAPH = 0
    LINE = 1
    SENTENCE = 2
    WORD = 3
    CHARACTER = 4


# Each pattern matches one piece with the white space that follows it. A full stop before a small letter
# belongs to an abbreviation, unless the pieces come out too long. Runs of words come before single words:
# their tokens, counted apart, add up to more than those of the sentence they make.
PIECES = (
    re.compile(r".+?(?:[.!?…][\"'”’»)\]]*\s++(?![a-z])|[。！？]\s*|\n\s*|\Z)", re.DOTALL),
    re.compile(r".+?(?:[.!?…][\"'”’»)\]]*\s++|[。！？]\s*|\n\s*|\Z)", re.DOTALL),
    re.compile(r"\s*(?:\S+\s*){1,16}|\s+"),
    re.compile(r"\s*\S+\s*|\s+"),
)
PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*\Z")
SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’»)\]]*|[。！？])\Z")
# A better border is worth a part that is shorter than the others, but not more than this.
LEAST_FILLED = 0.5
# Stretches without any border are cut into pieces of this share of a part, so that parts can be filled.
CHARACTERS_SHARE = 0.125


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the text up to `end` that fits by itself, its tokens within the text, and its border."""

    end: int
    tokens: int
    border: Border


def split(text: str, max_tokens: int, count_tokens: CountTokens) -> list[str]:
    """Parts of at most `max_tokens` each, which joined give the text again.

    Parts end at paragraphs where that leaves none of them less than half as long as the others, else at
    lines, else at sentences; a sentence that does not fit is cut between words, and only a word that does not
    fit between characters. Every stretch of the text is counted a few times, so the time is in proportion to
    its length. An empty text has no parts. Raises ValueError when not even a single character fits.
    """
    if max_tokens < 1:
        raise ValueError(f"max_tokens must be at least 1, not {max_tokens}")
    if not text:
        return []
    if count_tokens(text) <= max_tokens:
        return [text]
    pieces = list(_pieces(text, 0, max_tokens, count_tokens, 0))
    return list(_parts(text, pieces, max_tokens, count_tokens))


def _parts(text: str, pieces: Sequence[Piece], max_tokens: int, count_tokens: CountTokens) -> Iterator[str]:
    left = sum(piece.tokens for piece in pieces)
    start = first = 0
    while first < len(pieces):
        room = max_tokens
        while True:
            after, tokens = _cut(pieces, first, left, room)
            part = text[start : pieces[after - 1].end]
            counted = count_tokens(part)
            if counted <= max_tokens or after == first + 1:
                break
            # Some tokenizers find more tokens in a whole than in its pieces: less of them then.
            room = min(tokens - 1, tokens * max_tokens // counted)
        yield part
        start, first, left = pieces[after - 1].end, after, left - tokens


def _cut(pieces: Sequence[Piece], first: int, left: int, room: int) -> tuple[int, int]:
    """Where a part that begins with the piece `first` ends: the number of the piece after it, at least one
    further on, and its tokens. `left` is what all pieces from here on have together."""
    aim = left / max(1, -(-left // max(1, room)))
    chosen = (first + 1, pieces[first].tokens)
    best: tuple[Border, float] | None = None
    tokens = 0
    for number in range(first, len(pieces)):
        tokens += pieces[number].tokens
        if tokens > room:
            break
        if tokens < LEAST_FILLED * aim:
            chosen = (number + 1, tokens)
            continue
        # The text's own end is as good as any border.
        border = pieces[number].border if number + 1 < len(pieces) else Border.PARAGRAPH
        grade = (border, abs(tokens - aim))
        if best is None or grade < best:
            best, chosen = grade, (number + 1, tokens)
    return chosen


def _pieces(
    text: str, offset: int, max_tokens: int, count_tokens: CountTokens, fineness: int
) -> Iterator[Piece]:
    """The text's pieces in order, `offset` being where the text begins; too long ones in finer pieces."""
    if fineness == len(PIECES):
        yield from _characters(text, offset, max_tokens, count_tokens)
        return
    for found in PIECES[fineness].finditer(text):
        piece = found.group()
        if count_tokens(piece) > max_tokens:
            yield from _pieces(piece, offset + found.start(), max_tokens, count_tokens, fineness + 1)
        else:
            # A last space is a token at the end only: within the text it belongs to the next word's.
            yield Piece(offset + found.end(), count_tokens(piece.removesuffix(" ")), _border(piece))


def _border(piece: str) -> Border:
    body = piece.rstrip()
    space = piece[len(body) :]
    if "\n" in space:
        return Border.PARAGRAPH if PARAGRAPH_END.search(space) else Border.LINE
    if SENTENCE_END.search(body[-8:]):
        return Border.SENTENCE
    return Border.WORD if space else Border.CHARACTER


def _characters(text: str, offset: int, max_tokens: int, count_tokens: CountTokens) -> Iterator[Piece]:
    """Halves until they are small: a text without any border is rare, and halving needs few counts."""
    tokens = count_tokens(text)
    if tokens <= max(1, max_tokens * CHARACTERS_SHARE) or (len(text) == 1 and tokens <= max_tokens):
        yield Piece(offset + len(text), tokens, _border(text))
        return
    if len(text) == 1:
        raise ValueError(f"the character {text!r} has more than {max_tokens} tokens")
    middle = len(text) // 2
    yield from _characters(text[:middle], offset, max_tokens, count_tokens)
    yield from _characters(text[middle:], offset + middle, max_tokens, count_tokens)

"""Characters that draw nothing or move their neighbours: made visible, so that no text can hide or reorder.

In every view the controls that could disguise a text are shown as their code point: bidirectional embeddings,
overrides and isolates, control characters, invisible tag characters outside an emoji flag. Joiners and
direction marks, which ordinary Persian, Hebrew and emoji need, are left to do their work in the reading view
and are shown in the raw view.
"""

import html
import re
from collections.abc import Callable

MOST_CHARACTERS = 400_000
"""Longer texts are cut here, with a line that says so. 50,000 words are about 300,000 characters."""

_DISGUISING = (
    "\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f"  # control characters other than tab and line ends
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # embeddings, overrides, isolates, deprecated format characters
    "\ufff9-\ufffb"  # interlinear annotation
    "\U000e0000-\U000e0fff"  # tag characters and the supplementary variation selectors
)
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2060-\u2065\u3164\ufe00-\ufe0f\ufeff\uffa0"
)
_EMOJI_FLAG = "\U0001f3f4[\U000e0061-\U000e007a]{4,6}\U000e007f"
_READING = re.compile(f"{_EMOJI_FLAG}|(?P<hidden>[{_DISGUISING}]+)")
_RAW = re.compile(f"{_EMOJI_FLAG}|(?P<hidden>[{_DISGUISING}{_INVISIBLE}]+)")
_LINE_ENDS = re.compile("\r\n|[\r\v\f\u0085\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def settled(text: str) -> str:
    """The text with one kind of line end, cut to the bound, without what no UTF-8 page can carry."""
    left_out = len(text) - MOST_CHARACTERS
    if left_out > 0:
        text = f"{text[:MOST_CHARACTERS]}\n\n[{left_out:,} more characters are not shown]"
    return _SURROGATES.sub("\ufffd", _LINE_ENDS.sub("\n", text))


def escaped(text: str) -> str:
    """HTML of a settled text for the reading view."""
    return _marked(text, _READING, html.escape)


def escaped_raw(text: str) -> str:
    """HTML of a settled text in which every invisible character is shown."""
    return _marked(text, _RAW, html.escape)


def hides_nothing(text: str) -> bool:
    """Whether the reading view of a settled text needs no marks."""
    return all(found["hidden"] is None for found in _READING.finditer(text))


def _marked(text: str, pattern: re.Pattern[str], escape: Callable[[str], str]) -> str:
    parts: list[str] = []
    position = 0
    for found in pattern.finditer(text):
        if found["hidden"] is None:
            continue
        parts.append(escape(text[position : found.start()]))
        parts.append(f'<span class="hidden-character">{_names(found["hidden"])}</span>')
        position = found.end()
    parts.append(escape(text[position:]))
    return "".join(parts)


def _names(characters: str) -> str:
    return " ".join(f"U+{ord(character):04X}" for character in characters)

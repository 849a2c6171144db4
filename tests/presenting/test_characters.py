"""Characters that hide or reorder are shown; those that languages and emoji need still do their work."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.presenting.characters import MOST_CHARACTERS, settled
from evalapp.presenting.highlighting import code_block
from evalapp.presenting.markdown import formatted
from evalapp.presenting.text import plain, raw

MARK = '<span class="hidden-character">{}</span>'
DISGUISES = ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]


def shown(characters: str) -> str:
    return MARK.format(" ".join(f"U+{ord(character):04X}" for character in characters))


@pytest.mark.parametrize("character", [*DISGUISES, "\0", "\x1b", "\x7f", "\U000e0041"])
def test_a_disguising_character_is_shown_in_every_view(character: str) -> None:
    mark = shown(character)
    assert plain(f"a{character}b") == f'<div class="plain" dir="auto">a{mark}b</div>'
    assert raw(f"a{character}b") == f'<div class="raw" dir="auto">a{mark}b</div>'
    code = f'<pre class="code" dir="ltr" tabindex="0"><code>a{mark}b</code></pre>'
    assert code_block(f"a{character}b", "python") == code
    if character != "\0":  # Markdown itself replaces NUL.
        assert formatted(f"a{character}b") == f'<p dir="auto">a{mark}b</p>\n'


def test_an_entity_cannot_bring_one_in() -> None:
    assert formatted("a&#x202E;b") == f'<p dir="auto">a{shown(chr(0x202E))}b</p>\n'


@pytest.mark.parametrize("character", ["\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u00ad", "\ufeff"])
def test_joiners_and_marks_work_in_the_reading_view_and_show_in_the_raw_view(character: str) -> None:
    assert formatted(f"a{character}b") == f'<p dir="auto">a{character}b</p>\n'
    assert raw(f"a{character}b") == f'<div class="raw" dir="auto">a{shown(character)}b</div>'


@pytest.mark.parametrize("emoji", ["👩‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "🇸🇪"])
def test_emoji_stay_whole_in_the_reading_view(emoji: str) -> None:
    assert formatted(emoji) == f'<p dir="auto">{emoji}</p>\n'


def test_a_run_of_hidden_characters_is_one_mark() -> None:
    mark = shown("\u202e\u2066")
    assert plain("\u202e\u2066") == f'<div class="plain" dir="auto">{mark}</div>'


@pytest.mark.parametrize("end", ["\r\n", "\r", "\u2028", "\u2029", "\u0085", "\v", "\f"])
def test_every_kind_of_line_end_ends_a_line(end: str) -> None:
    assert settled(f"a{end}b") == "a\nb"


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert settled("a\ud800b") == "a\ufffdb"


def test_a_text_beyond_the_bound_says_how_much_is_left_out() -> None:
    assert settled("a" * (MOST_CHARACTERS + 1_234)).endswith("a\n\n[1,234 more characters are not shown]")


@given(st.text())
def test_nothing_but_hidden_characters_is_changed_by_the_raw_view(text: str) -> None:
    inside = raw(text).removeprefix('<div class="raw" dir="auto">').removesuffix("</div>")
    parts = re.split(r'<span class="hidden-character">([^<]*)</span>', inside)
    parts[0::2] = [html.unescape(part) for part in parts[0::2]]
    parts[1::2] = ["".join(chr(int(f"0x{name[2:]}", 0)) for name in part.split()) for part in parts[1::2]]
    assert "".join(parts) == settled(text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", inside)

"""What Markdown becomes: the same structure, no links, no pictures, no styles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.presenting.markdown import MOST_FORMATTED, MOST_NESTED, formatted
from evalapp.presenting.text import plain


def test_headings_keep_their_rank_and_take_the_next_free_level() -> None:
    assert formatted("## A\n\n#### B\n\n## C\n\n# D\n\n###### E") == (
        '<h3 dir="auto" class="rank-2">A</h3>\n'
        '<h4 dir="auto" class="rank-4">B</h4>\n'
        '<h3 dir="auto" class="rank-2">C</h3>\n'
        '<h3 dir="auto" class="rank-1">D</h3>\n'
        '<h4 dir="auto" class="rank-6">E</h4>\n'
    )


def test_a_line_break_that_was_written_is_shown() -> None:
    assert formatted("one\ntwo") == '<p dir="auto">one<br>\ntwo</p>\n'


def test_a_table_scrolls_and_aligns_by_class() -> None:
    assert formatted("| a | b |\n|:-:|--:|\n| 1 | 2 |") == (
        '<div class="table-scroll" tabindex="0"><table>\n<thead>\n<tr>\n'
        '<th dir="auto" class="align-center">a</th>\n<th dir="auto" class="align-right">b</th>\n'
        "</tr>\n</thead>\n<tbody>\n<tr>\n"
        '<td dir="auto" class="align-center">1</td>\n<td dir="auto" class="align-right">2</td>\n'
        "</tr>\n</tbody>\n</table></div>\n"
    )


def test_a_link_shows_its_address_and_cannot_be_followed() -> None:
    assert formatted("[here](https://example.org/a?b=1&c=2)") == (
        '<p dir="auto"><span class="link-text">here</span> '
        '<span class="address">(https://example.org/a?b=1&amp;c=2)</span></p>\n'
    )


def test_each_of_two_links_shows_its_own_address() -> None:
    html = formatted("[a](https://one.example) [b](https://two.example) <https://three.example>")
    assert html == (
        '<p dir="auto"><span class="link-text">a</span> <span class="address">(https://one.example)</span> '
        '<span class="link-text">b</span> <span class="address">(https://two.example)</span> '
        '<span class="link-text">https://three.example</span></p>\n'
    )


def test_a_picture_is_described_and_not_loaded() -> None:
    assert formatted("![a *cat*](https://example.org/cat.png)") == (
        '<p dir="auto"><span class="image-note">[image: a cat] (https://example.org/cat.png)</span></p>\n'
    )


def test_a_reference_definition_does_not_vanish() -> None:
    assert formatted("[1]: https://example.org") == '<p dir="auto">[1]: https://example.org</p>\n'


def test_raw_html_is_text() -> None:
    assert formatted("<b>x</b>") == '<p dir="auto">&lt;b&gt;x&lt;/b&gt;</p>\n'


@pytest.mark.parametrize("written", ["$a_1*b_2*c$", r"\(a_1*b_2*c\)"])
def test_a_formula_in_a_line_keeps_its_marks(written: str) -> None:
    assert formatted(f"so {written}.") == (
        '<p dir="auto">so <code class="math" dir="auto">a_1*b_2*c</code>.</p>\n'
    )


@pytest.mark.parametrize("written", ["$$\nx < y\n$$", "\\[\nx < y\n\\]", "\\[x < y\\]", "$$x < y$$"])
def test_a_formula_on_lines_of_its_own_is_a_block(written: str) -> None:
    assert formatted(written) == (
        '<pre class="math-block" dir="ltr" tabindex="0"><code class="math">x &lt; y</code></pre>\n'
    )


def test_a_block_formula_interrupts_a_paragraph() -> None:
    assert formatted("Then\n\\[\n= b\n\\]\nholds.").count("math-block") == 1


@pytest.mark.parametrize("words", ["from $5 to $10", r"a \( without end", "\\[\nwithout end", "5$ or 6$"])
def test_money_and_lone_marks_are_no_formulas(words: str) -> None:
    assert "math" not in formatted(words)


def test_code_is_coloured_when_its_language_is_known_and_plain_otherwise() -> None:
    assert formatted("```python\nreturn 1\n```") == (
        '<pre class="code" dir="ltr" tabindex="0"><code><span class="t-keyword">return</span> '
        '<span class="t-number">1</span>\n</code></pre>\n'
    )
    assert formatted("```brainfuck\nreturn 1\n```") == (
        '<pre class="code" dir="ltr" tabindex="0"><code>return 1\n</code></pre>\n'
    )


def test_what_is_too_long_to_format_is_shown_plainly_and_whole() -> None:
    text = "*a* " * (MOST_FORMATTED // 4 + 1)
    assert formatted(text) == plain(text)
    assert text in plain(text)


@given(st.text())
def test_equal_texts_give_equal_html_whatever_was_shown_before(text: str) -> None:
    first = formatted(text)
    formatted("```python\nx\n```\n[a](b) " + text)
    assert formatted(text) == first


MARKS = st.text(alphabet="*_`~$\\[](){}<>!|#-+>=:&;\n\t 1ab\"'/@.\u202e\u200d\ud800\0\u2028", max_size=300)


@given(MARKS)
def test_any_heap_of_marks_is_rendered(text: str) -> None:
    formatted(text).encode()


HEAPS = [
    "[",
    "![",
    "> ",
    "*a ",
    "`a`` ",
    "$a ",
    "\\(",
    "\\[\n",
    "<",
    "|a|\n|-|\n",
    "[a](",
    "- a\n",
    "~~a",
    "&#",
]


@pytest.mark.parametrize("mark", HEAPS)
def test_sixty_thousand_characters_of_one_mark_are_rendered(mark: str) -> None:
    assert formatted((mark * MOST_FORMATTED)[:MOST_FORMATTED])


@pytest.mark.parametrize("depth", [1, 10, MOST_NESTED, 200])
def test_nothing_is_lost_however_deep_it_is_nested(depth: int) -> None:
    assert "deepest" in formatted("\n".join("  " * place + "- a" for place in range(depth)) + " deepest")
    assert "deepest" in formatted("> " * depth + "deepest")
    assert "deepest" in formatted("[" * depth + "deepest" + "](x)" * depth)
    assert "deepest" in formatted("*_" * depth + "deepest" + "_*" * depth)

"""Colours for program text, within bounds."""

import pytest

from evalapp.presenting.highlighting import LANGUAGES, MOST_HIGHLIGHTED, MOST_LINES, highlighted, is_code


def test_a_line_of_python_is_coloured_by_classes_only() -> None:
    assert highlighted('def f(x): return "a" + 1  # why', "Python") == (
        '<span class="t-keyword">def</span> <span class="t-name">f</span>(x): '
        '<span class="t-keyword">return</span> <span class="t-string">&quot;a&quot;</span> + '
        '<span class="t-number">1</span>  <span class="t-comment"># why</span>'
    )


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_language_loses_or_adds_a_character(language: str) -> None:
    code = "\n\n  first = 1\n\tsecond(third)\n\n"
    plain_text = highlighted(code, language)
    while (start := plain_text.find("<")) >= 0:
        plain_text = plain_text[:start] + plain_text[plain_text.index(">", start) + 1 :]
    assert plain_text == code


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n" * (MOST_HIGHLIGHTED // 6 + 1),
        "x\n" * (MOST_LINES + 1),
        "x = " + "1" * 400,
        "x = 1" + "\n" * 20 + "y = 2",
    ],
)
def test_unusual_code_is_shown_without_colours(code: str) -> None:
    assert highlighted(code, "python") == code


@pytest.mark.parametrize(
    "text",
    [
        "from typing import List\n\n\ndef f(x):\n",
        "#include <stdio.h>\nint main() {}",
        "Complete this:\n\nclass Stack:\n    pass",
        "public static void main(String[] args) {",
        "func (s) {",
    ],
)
def test_a_program_is_told_from_words(text: str) -> None:
    assert is_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "Write a function that adds two numbers.",
        "From the list, import only what is public.",
        "function calls are slow; say why",
        "",
    ],
)
def test_words_are_told_from_a_program(text: str) -> None:
    assert not is_code(text)

"""JSON is taken as it stands or refused with its column."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.tasksets.limits import Limits
from evalapp.tasksets.strict_json import NotStrict, shown, strict_value

STORABLE_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18) + 1, 10**18 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | STORABLE_TEXT
)
STORABLE = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STORABLE_TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(STORABLE, st.booleans())
def test_what_json_writes_is_read_back_as_it_was(value: object, ascii_only: bool) -> None:
    limits = Limits(depth=20)
    assert strict_value(json.dumps(value, ensure_ascii=ascii_only), limits) == value


@given(st.text(max_size=40))
def test_any_text_is_either_read_or_refused_with_a_reason(text: str) -> None:
    reason = ""
    try:
        value = strict_value(text)
    except NotStrict as fault:
        reason = fault.message
    else:
        assert value == json.loads(text)
    assert reason or text


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ('{"a": 1, "b": 2, "a": 3}', 18, "“a” stands twice"),
        ('[{"a": {"b": 1, "\\u0062": 2}}]', 17, "“b” stands twice"),
        ('{"a": "NaN", "b": NaN}', 19, "NaN cannot be kept"),
        ('{"b": -Infinity}', 7, "-Infinity cannot be kept"),
        ('{"b": 1e999}', 7, "1e999 cannot be kept"),
        ('{"a": "1234567890123456789", "b": 1234567890123456789}', 35, "cannot be kept exactly"),
        ('{"b": "ab\\u0000"}', 7, "NUL"),
        ('{"a\\u0000": 1}', 2, "NUL"),
        ('{"b": "\\ud83d"}', 7, "surrogate"),
        ('{"b": 1', 8, "not JSON"),
        ("{'b': 1}", 2, "not JSON"),
        ('{"b": 1} {}', 10, "not JSON"),
        ('{"b": "a\tb"}', 9, "not JSON"),
        ("", 1, "not JSON"),
    ],
)
def test_a_trap_is_refused_with_its_column(text: str, column: int, words: str) -> None:
    with pytest.raises(NotStrict) as caught:
        strict_value(text)
    assert (caught.value.column, words in caught.value.message) == (column, True), caught.value.message


def test_a_whole_surrogate_pair_is_one_character() -> None:
    assert strict_value('"\\ud83d\\ude00"') == "😀"


@pytest.mark.parametrize("depth", [9, 500, 200_000])
def test_deep_nesting_is_refused_and_not_followed(depth: int) -> None:
    with pytest.raises(NotStrict, match="nested deeper than 8 levels"):
        strict_value("[" * depth + "]" * depth)
    assert strict_value("[" * 8 + "]" * 8) == [[[[[[[[]]]]]]]]


def test_a_text_over_the_limit_is_refused_with_both_sizes() -> None:
    with pytest.raises(NotStrict, match="11 characters; at most 10"):
        strict_value('"12345678901"', Limits(characters=10))


def test_foreign_text_in_a_message_is_short_and_printable() -> None:
    assert shown("a\nb\x1b[31m\u202e" + "c" * 100) == "a�b�[31m�" + "c" * 51 + "…"

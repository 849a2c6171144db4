"""The templates of the six kinds, shown alike to organisers and raters."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from evalapp.kinds import KINDS

PAYLOADS: Mapping[str, Mapping[str, object]] = {
    "qa": {"prompt": "Why & how?", "reference": "the-reference"},
    "summarize": {"document": "Once upon a time", "instruction": "Be brief", "reference": "the-reference"},
    "code": {"prompt": "def f():\n", "tests": "assert f() is None", "language": "python"},
    "caption": {"prompt": "Describe it", "image": "the-file-name.png", "reference": "the-reference"},
    "classify": {"text": "Where is my card?", "labels": ["lost", "late"], "label": "the-label"},
    "chat": {"turns": ["Hello", "And then?"]},
}


def prompt(kind: str, payload: Mapping[str, object]) -> str:
    context = {"payload": payload, "image_url": "/picture"}
    return render_to_string(f"kinds/{kind}.html#prompt", context)


def output(kind: str, text: object) -> str:
    return render_to_string(f"kinds/{kind}.html#output", {"payload": PAYLOADS[kind], "output": text})


def test_every_kind_has_a_template_and_a_trial() -> None:
    files = {path.stem for path in (Path(settings.BASE_DIR) / "templates/kinds").glob("[a-z]*.html")}
    assert files == set(KINDS) == set(PAYLOADS)


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_a_prompt_never_shows_what_would_tell_a_rater_the_answer(kind: str) -> None:
    html = prompt(kind, PAYLOADS[kind])
    assert not [word for word in ("the-reference", "the-label", "the-file-name") if word in html]


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_an_output_is_formatted_and_also_shown_as_written(kind: str) -> None:
    text = "a **b** <c>"
    html = output(kind, [text, text] if kind == "chat" else text)
    assert html.count('<p dir="auto">a <strong>b</strong> &lt;c&gt;</p>') == (2 if kind == "chat" else 1)
    assert html.count('<div class="raw" dir="auto">a **b** &lt;c&gt;</div>') == (2 if kind == "chat" else 1)


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_an_empty_output_is_called_empty(kind: str) -> None:
    assert "(empty)" in output(kind, ["", ""] if kind == "chat" else "")


def test_a_conversation_repeats_the_users_words_before_each_reply() -> None:
    html = output("chat", ("first reply", "second reply"))
    order = [html.index(words) for words in ("Hello", "first reply", "And then?", "second reply")]
    assert order == sorted(order)


def test_a_missing_reply_is_said_to_be_missing() -> None:
    assert output("chat", ("first reply",)).count("(no reply)") == 1


def test_a_picture_comes_from_the_address_it_is_given() -> None:
    assert 'src="/picture"' in prompt("caption", PAYLOADS["caption"])


def test_a_coding_task_in_words_is_not_dressed_as_code() -> None:
    assert 'class="code"' not in prompt("code", {"prompt": "Write a function that adds."})
    assert 'class="code"' in prompt("code", {"prompt": "def add(a, b):\n"})

"""Code: what is asked, and which block of an answer is the code."""

from __future__ import annotations

import pytest

from evalapp.kinds import KINDS
from evalapp.kinds.base import Settings
from evalapp.kinds.code import CodeBlock, code_in
from evalapp.providers.errors import TimedOut
from tests.kinds.asking import Model, answers, outcomes

PAYLOAD = {"prompt": "Write add(a, b).", "tests": "assert add(1, 1) == 2", "entry_point": "add"}
ADD = "def add(a, b):\n    return a + b\n"

BLOCKS: dict[str, tuple[str, CodeBlock | None]] = {
    "one fence": (f"Here:\n\n```python\n{ADD}```\nDone.", CodeBlock(ADD, "python")),
    "a fence without a language": (f"```\n{ADD}```", CodeBlock(ADD, "")),
    "a fence of tildes": (f"~~~ Python extra\n{ADD}~~~", CodeBlock(ADD, "python")),
    "a fence that holds backticks": (
        f"````python\n{ADD}# ```\n````",
        CodeBlock(ADD + "# ```\n", "python"),
    ),
    "a fence inside a list": (
        "1. First\n\n   ```python\n   def add(a, b):\n       return a + b\n   ```",
        CodeBlock(ADD, "python"),
    ),
    "a fence without end": (f"```python\n{ADD}", CodeBlock(ADD, "python")),
    "an example after the code": (
        f"```python\n{ADD}```\n\n```python\n{'print(1)' * 9}\n```",
        CodeBlock(ADD, "python"),
    ),
    "a shell command before the code": (
        f"```sh\npip install x\n```\n\n```py\n{ADD}```",
        CodeBlock(ADD, "py"),
    ),
    "no fence but nothing else either": (ADD, CodeBlock(ADD, "")),
    "prose only": ("I would add them.", None),
    "a lone expression": ("42", None),
    "inline code": ("Use `a + b`.", None),
    "nothing": ("", None),
}


@pytest.mark.parametrize("what", BLOCKS)
def test_the_right_block_is_taken(what: str) -> None:
    text, expected = BLOCKS[what]
    assert code_in(text, "add") == expected


def test_without_an_entry_point_the_longest_block_is_taken() -> None:
    assert code_in(f"```sh\nls\n```\n\n```python\n{ADD}```") == CodeBlock(ADD, "python")


def test_the_whole_answer_is_the_output_and_the_code_is_in_its_detail() -> None:
    text = f"Here:\n\n```python\n{ADD}```"
    answer = answers("code", [PAYLOAD], Model(text))[0]
    assert (answer.output, answer.detail) == (text, {"code": ADD, "language": "python"})


def test_an_answer_without_code_says_so() -> None:
    answer = answers("code", [PAYLOAD], Model("No idea."))[0]
    assert answer.detail == {"code": None, "language": ""}


def test_the_language_is_asked_for_after_the_systems_own_prompt() -> None:
    model = Model("x")
    answers(
        "code",
        [PAYLOAD, PAYLOAD | {"language": "Rust"}],
        model,
        Settings(model="s", system_prompt="Be kind."),
    )
    first, second = (request.messages[0].text for request in model.asked)
    assert first.startswith("Be kind.\n\nAnswer with the complete Python code in one fenced code block.")
    assert "complete Rust code" in second


def test_an_error_stays_an_error() -> None:
    error = TimedOut("slow")
    assert outcomes("code", [PAYLOAD], Model(error)) == [error]


def test_tests_are_not_run_here() -> None:
    assert KINDS["code"].objective(PAYLOAD, ADD) is None

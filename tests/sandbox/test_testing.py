"""What an answer and its tests may be, and what the verdict says of each."""

from dataclasses import replace

import pytest

from evalapp.generation.sandbox.verdict import Verdict, not_run
from tests.sandbox.sandboxed import SMALL, verdict_on

DOUBLE = "def double(x):\n    return 2 * x\n"
CHECK = "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate('a') == 'aa'\n"


def passed(count: int, output: str = "") -> Verdict:
    return Verdict("passed", passed=count, run=count, output=output)


UNITTEST = """
import unittest
class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.want = 4
    def test_one(self):
        self.assertEqual(double(2), self.want)
    @unittest.expectedFailure
    def test_two(self):
        self.assertEqual(double(2), 5)
"""
ASYNC_UNITTEST = """
import unittest
class Cases(unittest.IsolatedAsyncioTestCase):
    async def test_one(self):
        self.assertEqual(double(2), 4)
"""
MOCK = """
from unittest import mock
def test_one():
    with mock.patch('builtins.print') as printed:
        print(double(2))
    printed.assert_called_once_with(4)
"""
FUNCTIONS = """
def test_one():
    assert double(2) == 4
async def test_two():
    assert double(3) == 6
"""
FORMS = {
    "check": (CHECK, 1),
    "check that runs itself": (f"{CHECK}\ncheck(double)\n", 1),
    "statements": ("assert double(2) == 4\n", 1),
    "functions": (FUNCTIONS, 2),
    "a class": ("class TestDouble:\n    def test_one(self):\n        assert double(2) == 4\n", 1),
    "unittest": (UNITTEST, 2),
    "unittest, asynchronous": (ASYNC_UNITTEST, 1),
    "import": ("from answer import double as twice\ndef test_one():\n    assert twice(2) == 4\n", 1),
    "mock": (MOCK, 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_right_answer_passes_tests_of_every_form(form: str, namespaces_forbidden: bool) -> None:
    tests, count = FORMS[form]
    assert verdict_on(DOUBLE, tests, "double", forbidden=namespaces_forbidden) == passed(count)


def test_each_failed_test_is_counted_and_its_traceback_shown(namespaces_forbidden: bool) -> None:
    tests = """
import unittest
def test_one():
    assert double(2) == 4
def test_two():
    assert double(2) == 5
class Cases(unittest.TestCase):
    def test_three(self):
        self.assertEqual(double(2), 6)
    def test_four(self):
        self.skipTest('another time')
"""
    verdict = verdict_on(DOUBLE, tests, forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.passed, verdict.run) == ("failed", 1, 4)
    assert verdict.reason == "3 of 4 tests did not pass"
    assert 'File "tests.py", line 6, in test_two\n    assert double(2) == 5' in verdict.output
    assert "AssertionError: 4 != 6" in verdict.output
    assert "<string>" not in verdict.output


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def double(x:\n", "the answer's code could not be run: SyntaxError"),
        ("import numpy_is_not_here\n", "the answer's code could not be run: ModuleNotFoundError"),
        ("def triple(x):\n    return 3 * x\n", "1 of 1 tests did not pass"),
        ("x = '\ud800'\n", "the answer's code could not be run: UnicodeEncodeError"),
    ],
    ids=["no Python", "a missing module", "another name", "half a character"],
)
def test_an_answer_that_cannot_be_run_says_why(code: str, reason: str, namespaces_forbidden: bool) -> None:
    verdict = verdict_on(code, CHECK, "double", forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.passed, verdict.run, verdict.reason) == ("failed", 0, 1, reason)


PROMPT = (
    'from math import floor\n\ndef helper(x):\n    return floor(x)\n\ndef double(x):\n    """Twice x."""\n'
)


@pytest.mark.parametrize(
    "code",
    [
        "    return helper(2) * x\n",
        "def double(x):\n    return helper(2) * x\n",
        f"{PROMPT}    return helper(2) * x\n",
    ],
    ids=["its rest", "its function", "the whole"],
)
def test_an_answer_may_continue_or_repeat_the_prompt(code: str, namespaces_forbidden: bool) -> None:
    assert verdict_on(code, CHECK, "double", prompt=PROMPT, forbidden=namespaces_forbidden) == passed(1)


def test_the_prompts_own_beginning_does_not_stand_in_for_an_answer(namespaces_forbidden: bool) -> None:
    tests = "def check(candidate):\n    assert candidate(1) is None\n"
    verdict = verdict_on("pass", tests, "double", prompt=PROMPT, forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.reason) == ("failed", "1 of 1 tests did not pass")
    assert "KeyError: 'double'" in verdict.output


def test_a_verdict_can_be_had_again(namespaces_forbidden: bool) -> None:
    code = "def double(x):\n    print({'left', 'right', 'tie', 'both'}, hash('double'))\n    return 2 * x\n"
    first, second = (verdict_on(code, CHECK, "double", forbidden=namespaces_forbidden) for _ in range(2))
    assert first == second
    assert first.state == "passed"


def test_one_run_leaves_nothing_to_the_next(namespaces_forbidden: bool) -> None:
    leaves = "import builtins\nopen('left', 'w').write('here')\n"
    finds = "import os\ndef test_it_is_empty():\n    assert os.listdir('.') == []\n"
    verdict_on(leaves, CHECK, "double", forbidden=namespaces_forbidden)
    assert verdict_on("", finds, forbidden=namespaces_forbidden) == passed(1)


def test_tests_that_test_nothing_are_not_run() -> None:
    assert verdict_on(DOUBLE, "import math\n") == not_run(
        "the tests hold no test function, no test class and no assertion"
    )
    assert verdict_on(DOUBLE, "def (").reason.startswith("the tests are not Python: ")


def test_checks_say_passed_or_failed_only_of_what_was_run() -> None:
    assert not_run("turned off").checks() == {"state": "not_run", "reason": "turned off"}
    assert Verdict("failed", 1, 2, "out", "why").checks() == {
        "state": "failed",
        "passed": False,
        "tests_passed": 1,
        "tests_run": 2,
        "reason": "why",
        "output": "out",
    }


def test_memory_is_that_of_one_run(namespaces_forbidden: bool) -> None:
    code = "def double(x):\n    return len(bytearray(100_000_000)) and 2 * x\n"
    enough = verdict_on(code, CHECK, "double", forbidden=namespaces_forbidden)
    too_little = verdict_on(
        code, CHECK, "double", limits=replace(SMALL, memory_bytes=100_000_000), forbidden=namespaces_forbidden
    )
    assert (enough.state, too_little.state) == ("passed", "failed")
    assert "MemoryError" in too_little.output

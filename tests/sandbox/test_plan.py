"""Which tests a source holds is known from its syntax, and a source that tests nothing is found out."""

import pytest

from evalapp.generation.sandbox.plan import NothingToRun, Plan, plan_of

CHECK = "def check(candidate):\n    assert candidate(1) == 2\n"


def test_functions_methods_and_check_are_tests_of_their_own() -> None:
    source = f"""
import unittest
{CHECK}
def helper(): ...
def test_b(): ...
async def test_a(): ...
class Cases(unittest.TestCase):
    def setUp(self): ...
    def test_c(self): ...
class TestPlain:
    def test_d(self): ...
class Record:
    def test_e(self): ...
"""
    plan = plan_of(source, "double")
    assert plan == Plan(
        functions=("test_a", "test_b"), classes={"Cases": ("test_c",), "TestPlain": ("test_d",)}, check=True
    )
    assert plan.expected == ("check", "test_a", "test_b", "Cases.test_c", "TestPlain.test_d")


@pytest.mark.parametrize(
    "source",
    [
        "assert double(1) == 2",
        "x = double(1)\nassert x == 2",
        f"{CHECK}check(double)\n",
        "for x in []: assert x",
    ],
)
def test_a_source_with_nothing_else_is_one_test(source: str) -> None:
    assert plan_of(source, "double").expected == ("tests",)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# nothing",
        "'only words'",
        "import math",
        "LIMIT = 3",
        "def helper(): ...",
        "class Cases: ...",
        "import unittest\nif __name__ == '__main__':\n    unittest.main()\n",
    ],
)
def test_a_source_that_every_answer_would_pass_is_refused(source: str) -> None:
    with pytest.raises(NothingToRun, match="no test function, no test class and no assertion"):
        plan_of(source, "double")


def test_a_check_without_an_entry_point_is_refused() -> None:
    with pytest.raises(NothingToRun, match="the sample names no entry_point"):
        plan_of(CHECK, None)

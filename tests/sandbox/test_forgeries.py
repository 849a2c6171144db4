"""Only an answer that passes the tests is said to have passed them."""

import pytest

from tests.sandbox.forgeries import FORGERIES, RIGHT, TESTS, WRONG
from tests.sandbox.sandboxed import verdict_on


def test_a_right_answer_passes_all_three_tests(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(RIGHT, TESTS, forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.passed, verdict.run, verdict.reason) == ("passed", 3, 3, "")


def test_a_wrong_answer_passes_none(namespaces_forbidden: bool) -> None:
    verdict = verdict_on(WRONG, TESTS, forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.passed, verdict.run) == ("failed", 0, 3)
    assert verdict.reason == "3 of 3 tests did not pass"


@pytest.mark.parametrize("code", FORGERIES.values(), ids=FORGERIES.keys())
def test_it_does_not_pass(code: str, namespaces_forbidden: bool) -> None:
    verdict = verdict_on(code, TESTS, forbidden=namespaces_forbidden)
    assert (verdict.state, verdict.passed) == ("failed", 0), verdict
    assert verdict.reason

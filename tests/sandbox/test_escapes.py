"""What code tries in the sandbox fails, each attempt in its own way, and the machine is as it was."""

import os
import re

import pytest

from tests.sandbox import ground as grounds
from tests.sandbox.attempts.attempt import TESTS, Attempt
from tests.sandbox.attempts.every import ATTEMPTS
from tests.sandbox.ground import Ground
from tests.sandbox.sandboxed import verdict_on


def test_there_are_enough_attempts_and_no_two_are_alike() -> None:
    assert len(ATTEMPTS) >= 80
    assert len({each.name for each in ATTEMPTS}) == len({each.code for each in ATTEMPTS}) == len(ATTEMPTS)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_it_does_not_get_out(
    attempt: Attempt,
    ground: Ground,
    column: int,
    namespaces_forbidden: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SECRET", ground.word)
    files, mounts, visits = ground.files(), grounds.mounts(), list(ground.visits())
    verdict = verdict_on(attempt.written_for(ground.names, column), TESTS, forbidden=namespaces_forbidden)
    assert verdict.state in {"failed", "timeout"}
    assert verdict.passed == 0
    # It failed at what it should fail at, not at a mistake of ours in writing it.
    assert re.search(attempt.refused, f"{verdict.output}\n{verdict.reason}"), verdict
    assert ground.files() == files
    assert grounds.mounts() == mounts
    assert ground.visits() == visits
    assert ground.victim.poll() is None
    assert grounds.sandboxes_of(os.getpid()) == []
    # Another worker's sandbox may be between its two last processes' ends; one that is left stays.
    assert grounds.until(lambda: not grounds.orphans())

"""The twins of the escapes: without the sandbox, as the same user, they succeed."""

from collections.abc import Iterator

import pytest

from tests.sandbox import ground as grounds
from tests.sandbox.attempts.attempt import TESTS, Attempt
from tests.sandbox.attempts.every import ATTEMPTS
from tests.sandbox.ground import Ground

HARMLESS = [each for each in ATTEMPTS if each.harmless]


@pytest.fixture
def fresh_ground() -> Iterator[Ground]:
    """A ground of one's own: a twin may end its process and write into its folder."""
    laid = grounds.lay()
    yield laid
    grounds.clear(laid)


def test_at_least_half_of_the_attempts_have_a_twin() -> None:
    assert len(HARMLESS) >= len(ATTEMPTS) / 2


@pytest.mark.parametrize("attempt", HARMLESS, ids=lambda attempt: attempt.name)
def test_it_gets_out_without_the_sandbox(attempt: Attempt, fresh_ground: Ground, column: int) -> None:
    code = attempt.written_for(fresh_ground.names, column)
    process = grounds.start_plain(
        f"{code}\n{TESTS}\ntest_it_got_out()\n", fresh_ground.folder, {"SECRET": fresh_ground.word}
    )
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said

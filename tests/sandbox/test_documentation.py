"""The page on security gives the limits as they are."""

from pathlib import Path

import pytest

from evalapp.generation.sandbox.verdict import MEBIBYTE, Limits
from tests.sandbox.attempts.every import ATTEMPTS
from tests.sandbox.forgeries import FORGERIES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
LIMITS = Limits()


@pytest.mark.parametrize(
    "row",
    [
        f"| time | {LIMITS.wall_s:g} s |",
        f"| processor time | {LIMITS.processor_s} s |",
        f"| memory | {LIMITS.memory_bytes // MEBIBYTE} MiB |",
        f"| files in `/tmp` | {LIMITS.folder_bytes // MEBIBYTE} MiB, {LIMITS.files} files |",
        f"| threads | {LIMITS.threads} |",
        f"| open files | {LIMITS.open_files} |",
        f"| output | {LIMITS.output_bytes // MEBIBYTE} MiB, of which the first and last {LIMITS.kept_bytes} ",
    ],
)
def test_every_limit_stands_on_the_page(row: str) -> None:
    assert row in PAGE.read_text(encoding="utf-8")


def test_there_are_as_many_attempts_as_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert "over eighty attempts" in text
    assert len(ATTEMPTS) > 80
    assert "Over twenty more answers" in text
    assert len(FORGERIES) > 20

"""Runs code in the sandbox for a test, and never lets a missing sandbox pass for a held one."""

import asyncio
from dataclasses import replace

import pytest

from evalapp.generation.sandbox.testing import run_tests
from evalapp.generation.sandbox.verdict import Limits, Verdict

#: Little, so that tests of the limits do not take long and do not hurt.
SMALL = replace(Limits(), wall_s=20.0, processor_s=5, memory_bytes=256 * 1024 * 1024)


def verdict_on(
    code: str,
    tests: str,
    entry_point: str | None = None,
    *,
    limits: Limits = SMALL,
    prompt: str = "",
    forbidden: bool = False,
) -> Verdict:
    """The verdict. Where the kernel forbids user namespaces it must say so, which is all that is tested."""
    verdict = asyncio.run(run_tests(code, tests, entry_point, limits, prompt=prompt))
    if forbidden:
        assert verdict.state == "not_run"
        assert "user namespace" in verdict.reason
        pytest.skip(f"this kernel forbids user namespaces, and the verdict says so: {verdict.reason}")
    if verdict.state == "not_run" and "sandbox" in verdict.reason + " bubblewrap":
        pytest.fail(
            f"the sandbox does not stand here: {verdict.reason}. "
            "Install requirements-dev.lock, or your system's bubblewrap package."
        )
    return verdict

"""Checks that need no judge: what a kind computes itself, and for code the sample's unit tests."""

import logging
from collections.abc import Mapping, Sequence

from django.conf import settings

from evalapp.generation.claiming import Claimed
from evalapp.generation.sandbox.testing import run_tests
from evalapp.generation.sandbox.verdict import Verdict, not_run
from evalapp.kinds.base import Answer, Payload, TaskKind, text_of

PYTHON = frozenset({"", "python", "python3", "py"})

logger = logging.getLogger(__name__)


async def checks_of(
    batch: Sequence[Claimed], outcomes: Sequence[Answer | Exception], kind: TaskKind
) -> list[Mapping[str, object] | None]:
    """The checks of each outcome, in order; None for one that is no answer or has nothing to check."""
    return [await _checks(claimed, outcome, kind) for claimed, outcome in zip(batch, outcomes, strict=True)]


async def _checks(
    claimed: Claimed, outcome: Answer | Exception, kind: TaskKind
) -> Mapping[str, object] | None:
    if not isinstance(outcome, Answer) or outcome.refusal is not None:
        return None
    if kind.name != "code":
        return kind.objective(claimed.payload, outcome.output)
    try:
        return (await tested(claimed.payload, outcome.detail.get("code"))).checks()
    except Exception as fault:
        # The answer has been paid for; a fault of ours in testing it must not lose it.
        logger.exception("Testing the code of generation %s failed", claimed.generation_id)
        return not_run(f"a fault of this program: {type(fault).__name__}").checks()


async def tested(payload: Payload, code: object) -> Verdict:
    """The verdict of a code sample's tests on the code taken from an answer (None: it held none)."""
    if not settings.RUN_CODE:
        return not_run("running code that models wrote is turned off here; the operator sets RUN_CODE=1")
    language = text_of(payload, "language").strip()
    if language.lower() not in PYTHON:
        return not_run(f"only Python is run here, and the sample asks for {language}")
    if not isinstance(code, str) or not code.strip():
        return Verdict("failed", reason="the answer holds no code")
    return await run_tests(
        code,
        text_of(payload, "tests"),
        text_of(payload, "entry_point") or None,
        prompt=text_of(payload, "prompt"),
    )

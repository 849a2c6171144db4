"""A batch of samples through a system: its model's answers, their checks, and a second model where they fail.

What a reply alone shows (a refusal, a cut answer) sends its request to the second model at once, in
``providers/fallback.py``. What only the whole outcome shows sends its sample there afterwards, from here: a
sample of a batch goes alone, and its tests are run once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evalapp.generation.checking import checks_of
from evalapp.generation.claiming import Claimed
from evalapp.generation.clerk import Clerk
from evalapp.generation.ending import Again, Halt, ends_of
from evalapp.generation.entries import GenerationEnd
from evalapp.generation.lines import Tally
from evalapp.generation.places import Place
from evalapp.generation.preparing import Work, with_images
from evalapp.kinds.base import Answer, Payload
from evalapp.models.generation import CallPurpose
from evalapp.providers.errors import Unanswered
from evalapp.providers.fallback import Rule
from evalapp.providers.messages import Ask

logger = logging.getLogger(__name__)
Outcomes = Sequence[Answer | Exception]
Checks = Sequence[Mapping[str, object] | None]


@dataclass(frozen=True, slots=True)
class _Answered:
    """Outcomes and checks of a batch, in its order, and what was asked again."""

    outcomes: Outcomes
    checks: Checks
    again: Again | None = None


async def answer_batch(
    clerk: Clerk, work: Work, batch: Sequence[Claimed], place: Place
) -> tuple[list[GenerationEnd], Halt | None]:
    """Ask, check, ask the second model where the rule says so; how each generation ends, and what halts."""
    payloads: Sequence[Payload] = [each.payload for each in batch]
    if any("image" in payload for payload in payloads):
        payloads = await clerk.run(with_images, payloads)
    tally = _tally(work, batch, place)
    outcomes = await _asked(work, batch, payloads, work.ask(clerk, tally))
    found = _Answered(outcomes, await checks_of(batch, outcomes, work.kind))
    reasons = reasons_to_ask_again(work.rule, found.outcomes, found.checks) if work.has_second_model else {}
    if reasons:
        found = await _asked_again(clerk, work, batch, payloads, found=found, reasons=reasons, place=place)
    return ends_of(batch, found.outcomes, found.checks, tally, found.again)


def reasons_to_ask_again(rule: Rule, outcomes: Outcomes, checks: Checks) -> dict[int, str]:
    """Why the second model is asked, by place in the batch. Tests that could not be run are no reason."""
    reasons: dict[int, str] = {}
    for place, (outcome, found) in enumerate(zip(outcomes, checks, strict=True)):
        if isinstance(outcome, Answer) and outcome.fallback_reason is not None:
            continue
        if rule.unknown_label and isinstance(outcome, Unanswered):
            reasons[place] = "unknown label"
        elif rule.failed_tests and found is not None and found.get("passed") is False:
            reasons[place] = "tests ran out of time" if found.get("state") == "timeout" else "failed tests"
    return reasons


async def _asked_again(
    clerk: Clerk,
    work: Work,
    batch: Sequence[Claimed],
    payloads: Sequence[Payload],
    *,
    found: _Answered,
    reasons: Mapping[int, str],
    place: Place,
) -> _Answered:
    places = tuple(reasons)
    chosen = [batch[place] for place in places]
    tally = _tally(work, chosen, place)
    outcomes = await _asked(
        work, chosen, [payloads[place] for place in places], work.ask_second_model(clerk, tally)
    )
    checks = await checks_of(chosen, outcomes, work.kind)
    all_outcomes, all_checks = list(found.outcomes), list(found.checks)
    for number, outcome, checked in zip(places, outcomes, checks, strict=True):
        if isinstance(outcome, Answer):
            outcome = replace(outcome, fallback_reason=reasons[number])  # noqa: PLW2901
        all_outcomes[number], all_checks[number] = outcome, checked
    return _Answered(all_outcomes, all_checks, Again(places, tally))


async def _asked(work: Work, batch: Sequence[Claimed], payloads: Sequence[Payload], ask: Ask) -> Outcomes:
    try:
        return await work.kind.answer(payloads, work.settings, ask)
    except Exception as fault:
        # A fault of ours must not take the other samples down; it fails these and is logged whole.
        logger.exception("Answering generations %s failed", [each.generation_id for each in batch])
        return [fault for _ in batch]


def _tally(work: Work, batch: Sequence[Claimed], place: Place) -> Tally:
    return Tally(
        run_id=work.run.pk,
        generation_id=batch[0].generation_id,
        purpose=CallPurpose.ANSWER,
        shared_by=len(batch),
        place=place,
    )

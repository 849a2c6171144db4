"""The decision: is the candidate enough, is a larger system needed, or is it not yet known?"""

from __future__ import annotations

from evalapp.reports.estimates import Estimate
from evalapp.reports.planner import samples_to_settle
from evalapp.reports.preference import verdict_against_margin

OUTCOMES = {
    "better": "enough",
    "non_inferior": "enough",
    "inferior": "larger_needed",
    "not_yet_known": "not_yet_known",
}
SCALE = "win-rate scale, where a win counts 1, a tie or both bad one half, and a loss 0"


def decide(
    *,
    candidate: str,
    reference: str,
    win_rate: Estimate,
    margin: float,
    samples: int,
    standard_deviation: float | None,
) -> dict[str, object]:
    """The decision about a candidate against one reference, with its reasons.

    `standard_deviation` is that of the sample means (n - 1); with it the number of further samples that would
    settle an open question, if the rate stayed as it is, is estimated.
    """
    verdict = verdict_against_margin(win_rate, margin)
    more: int | None = None
    if verdict == "not_yet_known" and win_rate.value is not None and standard_deviation is not None:
        more = samples_to_settle(
            rate=win_rate.value, margin=margin, standard_deviation=standard_deviation, samples=samples
        )
    return {
        "candidate": candidate,
        "reference": reference,
        "outcome": OUTCOMES[verdict],
        "verdict": verdict,
        "sentence": _sentence(candidate, reference, verdict),
        "reasons": _reasons(candidate, win_rate, margin=margin, samples=samples, verdict=verdict, more=more),
        "win_rate": win_rate.figures(),
        "margin": margin,
        "threshold": 0.5 - margin,
        "samples": samples,
        "more_samples": more,
        "scale": SCALE,
    }


def _sentence(candidate: str, reference: str, verdict: str) -> str:
    return {
        "better": f"{candidate} is enough: raters preferred it to {reference}.",
        "non_inferior": f"{candidate} is enough: not worse than {reference} by more than the margin.",
        "inferior": f"{reference} is needed: {candidate} is worse by more than the declared margin.",
        "not_yet_known": f"Not yet known whether {candidate} is enough in place of {reference}.",
    }[verdict]


def _reasons(
    candidate: str, win_rate: Estimate, *, margin: float, samples: int, verdict: str, more: int | None
) -> list[str]:
    threshold = 0.5 - margin
    declared = (
        f"The margin of {margin:g} was declared before launch, on the {SCALE}: "
        f"the win rate must lie above {threshold:g}."
    )
    reasons = [declared]
    if win_rate.value is None:
        return [*reasons, f"There is no win rate: {win_rate.reason}."]
    if win_rate.low is None or win_rate.high is None:
        return [
            *reasons,
            f"The win rate of {candidate} is {win_rate.value:.3f}, without interval: {win_rate.reason}.",
        ]
    interval = (
        f"The win rate of {candidate} over {samples} samples is {win_rate.value:.3f} "
        f"({100 * win_rate.level:g} % interval {win_rate.low:.3f} to {win_rate.high:.3f})"
    )
    reading = {
        "better": "; its lower limit is above 0.5.",
        "non_inferior": f"; its lower limit is above {threshold:g}.",
        "inferior": f"; its upper limit is below {threshold:g}.",
        "not_yet_known": f"; the interval holds {threshold:g}.",
    }[verdict]
    reasons.append(interval + reading)
    if verdict == "not_yet_known":
        reasons.append(
            "The rate lies so close to the threshold that more samples alone are unlikely to settle it."
            if more is None
            else f"About {more} more samples would settle it, if the win rate stayed as it is."
        )
    return reasons

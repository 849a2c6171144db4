"""Studies made up for the tests: the same arguments give the same rows."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from evalapp.reports.rows import (
    CallRow,
    Choice,
    GenerationRow,
    JudgmentRow,
    JudgmentStatus,
    PriceRow,
    Protocol,
    SampleRow,
    ShownChoice,
    Side,
)

SMALL, LARGE = "small", "large"
SYSTEMS = (SMALL, LARGE)
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def shown(choice: Choice, left: Side) -> ShownChoice:
    """What a rater clicked who meant `choice` with `left` on the left."""
    if choice in {"tie", "both_bad"}:
        return choice
    return "left" if choice == left else "right"


def judgment(
    sample: int,
    rater: int,
    choice: Choice,
    *,
    left: Side = "a",
    systems: Sequence[str] = SYSTEMS,
    criterion: str = "overall",
    task_kind: str = "qa",
    status: JudgmentStatus = "counted",
    scores: tuple[float, float] | None = None,
    strength: int | None = None,
    exclusion_reason: str = "",
    active_seconds: float | None = 12.5,
) -> JudgmentRow:
    """One judgment of the comparison of these systems on a sample."""
    opened = OPENED + timedelta(minutes=3 * sample + rater)
    return JudgmentRow(
        study="Small or large?",
        comparison=f"c{sample}-{'-'.join(systems)}",
        sample=f"s{sample}",
        task_kind=task_kind,
        criterion=criterion,
        rater=f"r{rater}",
        seat=rater % 3 + 1,
        system_a=systems[0],
        system_b=systems[1],
        shown_left=left,
        choice_shown=shown(choice, left),
        choice=choice,
        strength=strength,
        score_a=scores[0] if scores else None,
        score_b=scores[1] if scores else None,
        comment='Says "yes",\nthen no' if sample % 5 == 0 else "",
        status=status,
        exclusion_reason=exclusion_reason,
        opened_at=opened,
        first_action_at=opened + timedelta(seconds=4),
        submitted_at=opened + timedelta(seconds=20),
        active_seconds=active_seconds,
    )


def study_rows(
    samples: int = 40,
    *,
    seed: int = 7,
    systems: Sequence[str] = SYSTEMS,
    criteria: Sequence[str] = ("overall",),
    kinds: Sequence[str] = ("qa",),
    scored: bool = False,
) -> list[JudgmentRow]:
    """Three raters per sample who lean to one side by sample, so that they agree somewhat."""
    chance = random.Random(seed)
    rows = []
    for sample in range(samples):
        lean = chance.choice([0.15, 0.4, 0.6, 0.85])
        for criterion in criteria:
            for rater in range(3):
                drawn = chance.random()
                choice: Choice = "tie" if drawn < 0.15 else "both_bad" if drawn < 0.2 else "b"
                if drawn >= 0.2 and chance.random() < lean:
                    choice = "a"
                rows.append(
                    judgment(
                        sample,
                        rater,
                        choice,
                        left=chance.choice(("a", "b")),
                        systems=systems,
                        criterion=criterion,
                        task_kind=kinds[sample % len(kinds)],
                        scores=(float(chance.randint(1, 5)), float(chance.randint(1, 5))) if scored else None,
                        active_seconds=round(chance.uniform(2, 60), 3),
                    )
                )
    return rows


def generation_rows(
    samples: int = 40, *, seed: int = 11, systems: Sequence[str] = SYSTEMS, kinds: Sequence[str] = ("qa",)
) -> list[GenerationRow]:
    """Measured outputs, the second system slower, longer and dearer."""
    chance = random.Random(seed)
    return [
        GenerationRow(
            system=system,
            sample=f"s{sample}",
            task_kind=kinds[sample % len(kinds)],
            output="# Answer\n\n" + "word " * chance.randint(5, 60 * (place + 1)),
            latency_ms=round(chance.gammavariate(2, 200 * (place + 1)), 3),
            first_token_ms=40.0,
            input_tokens=500,
            cached_input_tokens=0,
            output_tokens=1000,
            cost_usd=Decimal("0.000675") * (1 + 9 * place),
            served_by=system,
            finish_reason="stop",
            measured=True,
            checks={"exact_match": chance.random() < 0.5 + 0.2 * place},
        )
        for place, system in enumerate(systems)
        for sample in range(samples)
    ]


def call_rows(generations: Sequence[GenerationRow]) -> list[CallRow]:
    """One answered call for each output."""
    return [
        CallRow(
            system=row.system,
            sample=row.sample,
            purpose="answer",
            step=0,
            try_number=1,
            model=row.system,
            state="answered",
            model_answered=f"{row.system}-2026-01-01",
            sent_at=OPENED - timedelta(days=1) + timedelta(seconds=place),
            latency_ms=row.latency_ms,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cost_usd=row.cost_usd,
            price_valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            http_status=200,
        )
        for place, row in enumerate(generations)
    ]


def sample_rows(samples: int = 40, kinds: Sequence[str] = ("qa",)) -> list[SampleRow]:
    """The inputs."""
    return [
        SampleRow(
            sample=f"s{sample}", task_kind=kinds[sample % len(kinds)], payload={"prompt": f"Why {sample}?"}
        )
        for sample in range(samples)
    ]


def price_rows() -> list[PriceRow]:
    """What both systems cost."""
    return [
        PriceRow(
            model=system,
            input_usd_per_mtok=Decimal(text[0]),
            cached_input_usd_per_mtok=None,
            output_usd_per_mtok=Decimal(text[1]),
            valid_from=datetime(2026, 1, 1, tzinfo=UTC),
            source_url="https://example.com/prices",
            checked_on="2026-02-01",
        )
        for system, text in ((SMALL, ("0.15", "0.60")), (LARGE, ("1.50", "6.00")))
    ]


def protocol(**changes: object) -> Protocol:
    """The frozen settings of the study, with changes."""
    settings: dict[str, object] = {
        "study": "Small or large?",
        "task_set": "questions",
        "task_set_checksum": "ab" * 32,
        "task_kind": "qa",
        "systems": SYSTEMS,
        "margin": 0.1,
        "seed": 5,
        "opened_at": OPENED,
        "closed_at": OPENED + timedelta(days=2),
    }
    return Protocol(**{**settings, **changes})  # type: ignore[arg-type]

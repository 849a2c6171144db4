"""What a study would be, before it is opened: its size, what is missing, and outputs that name themselves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalapp.models import Generation, Run
from raters.studies.opening import JUDGEABLE
from raters.studies.scanning import SelfNaming, find_self_naming


@dataclass(frozen=True, slots=True)
class NamedOutput:
    """An output that tells who wrote it. ``context`` is the passage around the first finding."""

    sample: str
    system: str
    findings: tuple[SelfNaming, ...]
    context: str


@dataclass(frozen=True, slots=True)
class Missing:
    """How many samples a run did not answer."""

    system: str
    samples: int


@dataclass(frozen=True, slots=True)
class Review:
    """``comparisons`` when samples that lack an output are left out; ``judgments`` over all seats."""

    samples: int
    comparisons: int
    judgments: int
    missing: tuple[Missing, ...]
    named: tuple[NamedOutput, ...]


def review(runs: Sequence[Run], *, raters_per_sample: int) -> Review:
    """Look at finished runs of one task set, in declared order."""
    sample_count = runs[0].task_set.sample_count
    answered = [_answered(run) for run in runs]
    comparisons = sum(
        len(first & second) for place, first in enumerate(answered) for second in answered[place + 1 :]
    )
    return Review(
        samples=sample_count,
        comparisons=comparisons,
        judgments=comparisons * raters_per_sample,
        missing=tuple(
            Missing(run.system.name, sample_count - len(samples))
            for run, samples in zip(runs, answered, strict=True)
            if len(samples) < sample_count
        ),
        named=tuple(outputs_naming_themselves(runs)),
    )


def outputs_naming_themselves(runs: Sequence[Run]) -> Iterator[NamedOutput]:
    """Outputs that tell who wrote them, run by run, in the order of the samples."""
    names = _names(runs)
    for run in runs:
        outputs = Generation.objects.filter(run=run, replicate=0, state__in=JUDGEABLE)
        rows = outputs.order_by("sample__position").values_list("sample__key", "output")
        for key, output in rows.iterator():
            text = "\n".join(map(str, output)) if isinstance(output, list) else str(output)
            findings = find_self_naming(text, names)
            if findings:
                yield NamedOutput(key, run.system.name, tuple(findings), _around(text, findings[0]))


def _answered(run: Run) -> set[int]:
    outputs = Generation.objects.filter(run=run, replicate=0, state__in=JUDGEABLE)
    return set(outputs.values_list("sample_id", flat=True))


def _names(runs: Sequence[Run]) -> list[str]:
    names: list[str] = []
    for run in runs:
        names.append(run.system.name)
        names += [model.name for model in (run.system.model, run.system.fallback_model) if model is not None]
    return names


def _around(text: str, finding: SelfNaming, margin: int = 60) -> str:
    start, end = max(0, finding.start - margin), min(len(text), finding.end + margin)
    passage = " ".join(text[start:end].split())
    return f"{'… ' if start else ''}{passage}{' …' if end < len(text) else ''}"

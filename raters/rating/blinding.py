"""What a rater may see. Nothing else of a seat reaches a template, so nothing else can be leaked by one."""

from collections.abc import Mapping
from dataclasses import dataclass

from raters.models import Seat
from raters.models.seats import Side
from raters.studies.protocol import Criterion, Protocol

#: The fields of a sample that raters see, by kind. A reference or an expected label would sway them.
SHOWN_FIELDS: Mapping[str, tuple[str, ...]] = {
    "qa": ("prompt",),
    "summarize": ("instruction", "document"),
    "code": ("prompt", "language", "tests"),
    "caption": ("prompt",),
    "classify": ("text", "labels"),
    "chat": ("turns",),
}

Output = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BlindComparison:
    """One comparison as a rater sees it. ``token`` is random and names nothing but the seat.

    ``prompt`` holds the shown fields of the sample, ``left`` and ``right`` the outputs' texts (one per turn
    for a conversation). There is no field that could name a system.
    """

    token: str
    kind: str
    prompt: Mapping[str, object]
    left: Output
    right: Output
    criteria: tuple[Criterion, ...]
    graded: bool = False
    scale: tuple[str, ...] = ()


def blind_comparison(seat_id: int) -> BlindComparison:
    """The comparison of a seat, sides as drawn; one query."""
    seat = (
        Seat.objects.select_related("study", "comparison__sample__task_set")
        .select_related("comparison__generation_a", "comparison__generation_b")
        .only(
            "token",
            "shown_left",
            "study__protocol",
            "comparison__sample__payload",
            "comparison__sample__task_set__kind",
            "comparison__generation_a__output",
            "comparison__generation_b__output",
        )
        .get(pk=seat_id)
    )
    comparison = seat.comparison
    a, b = _texts(comparison.generation_a.output), _texts(comparison.generation_b.output)
    kind = comparison.sample.task_set.kind
    protocol = Protocol.from_json(seat.study.protocol)
    return BlindComparison(
        token=seat.token,
        kind=kind,
        prompt=_shown(kind, comparison.sample.payload),
        left=a if seat.shown_left == Side.A else b,
        right=b if seat.shown_left == Side.A else a,
        criteria=protocol.criteria,
        graded=protocol.graded,
        scale=protocol.scale,
    )


def _shown(kind: str, payload: Mapping[str, object]) -> dict[str, object]:
    # In a fixed order, whatever the order in the file.
    return {field: payload[field] for field in SHOWN_FIELDS[kind] if field in payload}


def _texts(output: object) -> Output:
    return tuple(str(text) for text in output) if isinstance(output, list) else str(output)

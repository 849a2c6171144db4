"""The rows a report is made of. Each field is a column or key of a file in the bundle, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Literal

Side = Literal["a", "b"]
ShownChoice = Literal["left", "right", "tie", "both_bad"]
Choice = Literal["a", "b", "tie", "both_bad"]
JudgmentStatus = Literal["counted", "surplus", "superseded", "excluded", "gold", "repeat", "training"]
GenerationStatus = Literal["pending", "running", "done", "failed", "refused"]
CallPurpose = Literal["answer", "warmup", "probe"]
CallState = Literal["sent", "answered", "failed", "unknown", "cached"]

CHOICES: tuple[Choice, ...] = ("a", "b", "tie", "both_bad")
SHOWN_CHOICES: tuple[ShownChoice, ...] = ("left", "right", "tie", "both_bad")
STATUSES: tuple[JudgmentStatus, ...] = (
    "counted",
    "surplus",
    "superseded",
    "excluded",
    "gold",
    "repeat",
    "training",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgmentRow:
    """One rater's answer to one criterion of one comparison: a row of ratings.csv.

    `system_a` and `system_b` stand in the study's declared order; `choice` is `choice_shown` with left
    and right resolved by `shown_left`. Times are UTC; `active_seconds` is the time the page was in view
    and in use.
    """

    study: str
    comparison: str
    sample: str
    task_kind: str
    criterion: str
    rater: str
    seat: int
    system_a: str
    system_b: str
    shown_left: Side
    choice_shown: ShownChoice
    choice: Choice
    strength: int | None = None
    score_a: float | None = None
    score_b: float | None = None
    comment: str = ""
    status: JudgmentStatus = "counted"
    exclusion_reason: str = ""
    opened_at: datetime | None = None
    first_action_at: datetime | None = None
    submitted_at: datetime | None = None
    active_seconds: float | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One input: a line of samples.jsonl."""

    sample: str
    task_kind: str
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRow:
    """One system's output for one sample: a line of generations.jsonl.

    `output` is text, a list of texts (chat), or what the kind stores. `served_by` is the model that answered;
    `fallback_reason` says why it was not the first one. `measured`: made in a measured run, so its
    latency counts.
    """

    system: str
    sample: str
    task_kind: str
    replicate: int = 0
    status: GenerationStatus = "done"
    output: object = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    served_by: str = ""
    fallback_reason: str = ""
    finish_reason: str = ""
    measured: bool = False
    imported: bool = False
    checks: Mapping[str, object] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One request in the ledger: a line of calls.jsonl. `price_valid_from` names the price in force then."""

    system: str
    sample: str | None
    purpose: CallPurpose
    step: int
    try_number: int
    model: str
    state: CallState
    model_answered: str = ""
    sent_at: datetime | None = None
    latency_ms: float | None = None
    first_token_ms: float | None = None
    input_tokens: int | None = None
    cached_input_tokens: int | None = None
    output_tokens: int | None = None
    usage_estimated: bool = False
    cost_usd: Decimal | None = None
    price_valid_from: datetime | None = None
    http_status: int | None = None
    error: str = ""
    request_id: str = ""
    system_fingerprint: str = ""
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """USD per million tokens of a model from a moment on: a row of prices.csv."""

    model: str
    input_usd_per_mtok: Decimal
    cached_input_usd_per_mtok: Decimal | None
    output_usd_per_mtok: Decimal
    valid_from: datetime
    source_url: str = ""
    checked_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """The frozen settings of a study: protocol.json.

    `systems` in declared order. `candidate` is the system whose sufficiency is decided (the first when
    empty), `margin` the non-inferiority margin on the win-rate scale. `scale` are the labels of the
    scores from lowest to highest, empty when no scores are asked. `gold` gives the expected choice of
    gold comparisons, printed only once the study is closed. `speed_floor_s` is the declared least active
    time in seconds.
    """

    study: str
    task_set: str
    task_set_checksum: str
    task_kind: str
    systems: tuple[str, ...]
    criteria: tuple[str, ...] = ("overall",)
    scale: tuple[str, ...] = ()
    graded: bool = False
    raters_per_sample: int = 3
    margin: float = 0.1
    seed: int = 0
    both_bad_as_tie: bool = False
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    unsealed_early_at: datetime | None = None
    simulated: bool = False
    exclusion_rules: tuple[str, ...] = ()
    candidate: str = ""
    speed_floor_s: float | None = None
    gold: Mapping[str, Choice] = field(default_factory=dict)
    methods: str = ""
    chain_head: str = ""

    @property
    def candidate_system(self) -> str:
        """The system whose sufficiency is decided."""
        return self.candidate or (self.systems[0] if self.systems else "")


def columns_of(row_type: type) -> tuple[str, ...]:
    """The column names of a row type, in file order."""
    return tuple(column.name for column in fields(row_type))


RATINGS_COLUMNS = columns_of(JudgmentRow)


def choice_of(shown_left: Side, choice_shown: ShownChoice) -> Choice:
    """What the rater chose, with left and right resolved."""
    if choice_shown == "left":
        return shown_left
    if choice_shown == "right":
        return "b" if shown_left == "a" else "a"
    return choice_shown

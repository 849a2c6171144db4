"""What the pump has to write down: a request about to leave, what became of it, and a sample's end."""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from evalapp.models.generation import CallPurpose
from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import ChatReply


@dataclass(frozen=True, slots=True)
class Sending:
    """A request about to leave: its body as text, pictures by their checksums, and the SHA-256 of its bytes.

    ``reserved_usd``: its worst cost; ``reusable``: a stored answer will do.
    """

    run_id: int
    generation_id: int | None
    purpose: CallPurpose
    model_id: int
    price_id: int
    step: int
    try_number: int
    shared_by: int
    request_key: str
    request: str
    request_sha256: str
    reserved_usd: Decimal
    reusable: bool


@dataclass(frozen=True, slots=True)
class Ticket:
    """The ledger's answer to a `Sending`: the committed row, or a stored reply that makes it needless."""

    call_id: int
    stored: ChatReply | None = None


@dataclass(frozen=True, slots=True)
class CallEnd:
    """What became of a sent request: a reply with its cost, or the error it met."""

    call_id: int
    cost_usd: Decimal
    end: ChatReply | ProviderError


@dataclass(frozen=True, slots=True)
class GenerationEnd:
    """What becomes of a claimed generation: the fields to write, if its lease is still this worker's."""

    generation_id: int
    lease_token: uuid.UUID
    fields: dict[str, object]


Entry = Sending | CallEnd | GenerationEnd


class BudgetSpent(ProviderError):
    """The run's budget does not hold this request's worst case any more; it was not sent."""

    code = "budget_spent"
    permanent = True
    stops = "run"

    def __init__(self) -> None:
        super().__init__("The run's budget is spent. Raise it and resume the run, or plan a smaller one.")


class BudgetHeld(ProviderError):
    """What is left of the run's budget is set aside for calls still out; some of it will come back."""

    code = "budget_held"

    def __init__(self) -> None:
        super().__init__("The rest of the budget is set aside for calls still out.", retry_after_s=0.5)


class Unwritable(ProviderError):
    """An answer came that the database takes in no form; what it cost is reckoned at its worst."""

    code = "unwritable"
    permanent = True


class Withdrawn(ProviderError):
    """The run stopped while the request waited for its place; it was not sent."""

    code = "withdrawn"

    def __init__(self) -> None:
        super().__init__("The run stopped before this request left; it was not sent.")


Written = Ticket | BudgetSpent | BudgetHeld | bool

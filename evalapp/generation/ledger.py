"""The ledger's writer: many entries in one transaction, each request committed before it leaves.

One writer serves all calls of a pump. While a transaction is being committed the next entries gather, so that
the cost of durability is shared. Rows travel as one JSON array a statement, which costs a fraction of the
processor time that a parameter for every column does.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from evalapp.generation import columns, rows
from evalapp.generation.entries import (
    BudgetHeld,
    BudgetSpent,
    CallEnd,
    Entry,
    GenerationEnd,
    Sending,
    Ticket,
    Written,
)
from evalapp.models import ApiCall
from evalapp.models.generation import CallState
from evalapp.providers.messages import ChatReply

# A call taken for lost may end after all: what is known then is better than its worst case. What has an end
# keeps it, so that writing the same end again changes nothing and settles nothing.
_END_CALLS = f"""
WITH ended AS (
    SELECT * FROM json_to_recordset(%s::json) AS entry(id bigint, {columns.declared(columns.CALL_END)})
), settled AS (
    UPDATE evalapp_apicall AS call SET {columns.assigned(columns.CALL_END, "ended")}
    FROM ended
    WHERE call.id = ended.id AND call.state IN ('sent', 'unknown')
    RETURNING call.run_id, call.cost_usd - call.reserved_usd AS change
), sums AS (
    SELECT run_id, sum(change) AS change FROM settled GROUP BY run_id
)
UPDATE evalapp_run AS run SET committed_usd = run.committed_usd + sums.change
FROM sums WHERE run.id = sums.run_id AND sums.change <> 0
"""  # noqa: S608 (made of the package's own column names)
_END_GENERATIONS = """
UPDATE evalapp_generation AS generation SET {assigned}, lease_token = NULL, lease_until = NULL
FROM json_to_recordset(%s::json) AS entry(id bigint, token uuid, {declared})
WHERE generation.id = entry.id AND generation.lease_token = entry.token AND generation.state = 'running'
RETURNING generation.id
"""
_SEND = f"""
INSERT INTO evalapp_apicall ({columns.listed(columns.CALL)})
SELECT {columns.given(columns.CALL)}
FROM json_to_recordset(%s::json) AS entry(place integer, {columns.declared(columns.CALL)})
ORDER BY place
RETURNING id
"""  # noqa: S608
_RESERVE = """
UPDATE evalapp_run SET committed_usd = committed_usd + %(amount)s
WHERE id = %(run)s AND (budget_usd IS NULL OR budget_usd >= committed_usd + %(amount)s)
"""
_STORED = """
SELECT DISTINCT ON (request_key) request_key, reply::text, input_tokens, output_tokens, cached_input_tokens,
    usage_estimated, finish_reason, model_answered
FROM evalapp_apicall
WHERE request_key = ANY(%s) AND state = 'answered' AND reply IS NOT NULL
ORDER BY request_key, id
"""
_STANDS = "SELECT count(*) FROM evalapp_apicall WHERE id = ANY(%s) AND sent_at = %s"
E = TypeVar("E", Sending, CallEnd, GenerationEnd)


class Batch:
    """Entries that are committed together, and once, however often the connection breaks on the way."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._written: dict[int, Written] = {}
        self._sent_at: datetime = timezone.now()
        self._sent: list[int] = []

    def write(self) -> list[Written]:
        """Commit the entries in one transaction; one result per entry, in order. It may be called again.

        A `Sending` gives a `Ticket` or what the budget says against it; an end gives True, or False when its
        row was closed.
        """
        if not self._stands():
            self._written.clear()
            self._sent_at = timezone.now()
            with transaction.atomic(), connection.cursor() as cursor:
                # Generations, calls, run: whoever else locks several of these does so in this order.
                self._end_generations(cursor, self._places_of(GenerationEnd))
                self._end_calls(cursor, self._places_of(CallEnd))
                self._send(cursor, self._places_of(Sending))
        return [self._written[place] for place in range(len(self._entries))]

    def _stands(self) -> bool:
        """Whether an earlier attempt was committed although word of it never came.

        The time counts too, since after a crash PostgreSQL may give an uncommitted number to another row.
        Ends alone need no such look: written again they change nothing.
        """
        if not self._sent:
            return False
        with connection.cursor() as cursor:
            cursor.execute(_STANDS, [self._sent, self._sent_at])
            (found,) = cursor.fetchone()
        return bool(found == len(self._sent))

    def _places_of(self, kind: type[E]) -> list[tuple[int, E]]:
        return [(place, each) for place, each in enumerate(self._entries) if isinstance(each, kind)]

    def _end_generations(self, cursor: CursorWrapper, ends: list[tuple[int, GenerationEnd]]) -> None:
        alike: dict[tuple[str, ...], list[tuple[int, GenerationEnd]]] = {}
        for place, each in ends:
            alike.setdefault(tuple(each.fields), []).append((place, each))
        for names, group in alike.items():
            types = {name: columns.GENERATION_END[name] for name in names}
            statement = _END_GENERATIONS.format(
                assigned=columns.assigned(names, "entry"), declared=columns.declared(types)
            )
            ended = [{"id": each.generation_id, "token": each.lease_token} | each.fields for _, each in group]
            cursor.execute(statement, [columns.packed(ended)])
            stood = {row[0] for row in cursor.fetchall()}
            self._written.update((place, each.generation_id in stood) for place, each in group)

    def _end_calls(self, cursor: CursorWrapper, ends: list[tuple[int, CallEnd]]) -> None:
        if ends:
            cursor.execute(_END_CALLS, [columns.packed([rows.ended(each) for _, each in ends])])
            self._written.update((place, True) for place, _ in ends)

    def _send(self, cursor: CursorWrapper, sendings: list[tuple[int, Sending]]) -> None:
        stored = _stored_replies(cursor, [each.request_key for _, each in sendings if each.reusable])
        known = {place: stored.get(each.request_key) for place, each in sendings if each.reusable}
        to_pay = [(place, each) for place, each in sendings if known.get(place) is None]
        refused = _reserve(cursor, to_pay)
        self._written |= refused
        accepted = [(place, each) for place, each in sendings if place not in refused]
        self._sent = []
        if not accepted:
            return
        sent = [rows.sent(place, each, known.get(place), self._sent_at) for place, each in accepted]
        cursor.execute(_SEND, [columns.packed(sent)])
        self._sent = [row[0] for row in cursor.fetchall()]
        for call_id, (place, _) in zip(self._sent, accepted, strict=True):
            self._written[place] = Ticket(call_id, known.get(place))


def is_answered(request_key: str) -> bool:
    """Whether an answer to this very request is stored."""
    return ApiCall.objects.filter(request_key=request_key, state=CallState.ANSWERED).exists()


def _reserve(
    cursor: CursorWrapper, sendings: Sequence[tuple[int, Sending]]
) -> dict[int, BudgetSpent | BudgetHeld]:
    """Set the requests' worst costs aside; those that the budget does not hold, by place.

    All of a run's at once where they fit; else one by one, so that the last of the budget is used.
    """
    refused: dict[int, BudgetSpent | BudgetHeld] = {}
    for run_id in sorted({each.run_id for _, each in sendings}):
        mine = [(place, each) for place, each in sendings if each.run_id == run_id]
        if _set_aside(cursor, run_id, sum((each.reserved_usd for _, each in mine), Decimal(0))):
            continue
        turned_away = [place for place, each in mine if not _set_aside(cursor, run_id, each.reserved_usd)]
        # Calls still out set aside their worst case, and most of that comes back when they end.
        are_out = len(turned_away) < len(mine) or _any_out(run_id)
        refused |= {place: BudgetHeld() if are_out else BudgetSpent() for place in turned_away}
    return refused


def _set_aside(cursor: CursorWrapper, run_id: int, amount: Decimal) -> bool:
    if amount == 0:
        return True
    cursor.execute(_RESERVE, {"run": run_id, "amount": amount})
    return bool(cursor.rowcount == 1)


def _any_out(run_id: int) -> bool:
    return ApiCall.objects.filter(run_id=run_id, state=CallState.SENT).exists()


def _stored_replies(cursor: CursorWrapper, keys: list[str]) -> dict[str, ChatReply]:
    if not keys:
        return {}
    cursor.execute(_STORED, [keys])
    return {key: rows.stored_reply(found) for key, *found in cursor.fetchall()}

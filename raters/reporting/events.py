"""events.jsonl: what organisers did with a study, each act sealed to the one before; and back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from evalapp.reports.csvfile import FileProblem
from raters import audit
from raters.models import AuditEvent, Study

EVENTS = "events.jsonl"


def event_lines(study: Study) -> Iterator[bytes]:
    """One JSON object a line, oldest first."""
    for event in AuditEvent.objects.filter(study=study).order_by("id"):
        record = {
            "study": event.study_id,
            "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": event.actor,
            "action": event.action,
            "detail": event.detail,
            "previous_seal": event.previous_seal,
            "seal": event.seal,
        }
        yield json.dumps(record, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def read_events(path: Path) -> list[AuditEvent]:
    """The events of a bundle, as they would stand in the database. Raises FileProblem with the line."""
    events = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line:
            continue
        try:
            record = json.loads(line)
            record["study_id"] = record.pop("study")
            record["at"] = datetime.fromisoformat(record["at"])
            events.append(AuditEvent(**record))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FileProblem(path, f"is not an event: {error}", line=number) from error
    return events


def chain_problems(events: list[AuditEvent], chain_head: str) -> list[str]:
    """A line for every event that does not fit the one before, and for a chain that ends elsewhere."""
    problems = [
        f"{EVENTS}: the seal of “{event.action}” at {event.at.isoformat()} does not fit"
        for event in audit.broken_links(events)
    ]
    if (events[-1].seal if events else "") != chain_head:
        problems.append(f"{EVENTS}: the last seal is not the chain_head of protocol.json")
    return problems

"""The log of what was done with a study: each entry is sealed to the one before, so none is lost unseen."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from django.db import transaction

from raters.models import AuditEvent, Study

#: Who acts when no account does: a command on the server, or the product itself.
CONSOLE = "console"


def record(
    study: Study, action: str, *, actor: str, now: datetime, detail: Mapping[str, object] | None = None
) -> AuditEvent:
    """Add an event; call it inside the transaction of the act itself, if that writes anything."""
    with transaction.atomic():
        # Two acts at once wait for each other here, so that a chain never forks.
        Study.objects.select_for_update(no_key=True).only("pk").get(pk=study.pk)
        last = AuditEvent.objects.filter(study=study).order_by("-pk").first()
        event = AuditEvent(
            study=study,
            at=now,
            actor=actor,
            action=action,
            detail=dict(detail or {}),
            previous_seal=last.seal if last else "",
        )
        event.seal = sealed(event)
        event.save(force_insert=True)
    return event


def sealed(event: AuditEvent) -> str:
    """SHA-256 (hex) over the event as canonical JSON, the previous seal included."""
    content = {
        "study": event.study_id,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.actor,
        "action": event.action,
        "detail": event.detail,
        "previous_seal": event.previous_seal,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def broken_links(events: Iterable[AuditEvent]) -> list[AuditEvent]:
    """Events of one study, oldest first, whose seal does not fit themselves or the event before them."""
    broken: list[AuditEvent] = []
    previous = ""
    for event in events:
        if event.previous_seal != previous or event.seal != sealed(event):
            broken.append(event)
        previous = event.seal
    return broken

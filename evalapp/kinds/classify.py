"""Texts to label, many to a request: a strict JSON answer keyed by item number, and only gaps asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalapp.providers.messages import Ask

from .base import Field, FieldProblem, Outcome, Payload, Reading, Settings, text_of
from .batches import Batch

MIN_LABELS = 2


class Classify:
    """Allowed labels come from the row's `labels`; rows without them share the set's own: every `label` and
    every entry of `labels` that occurs in it, in alphabetical order. `settle` writes them into each payload.
    A set that names no label at all is labelled freely."""

    name = "classify"
    label = "Classification"
    batch_size = 100
    fields = (
        Field("text", "the text to label", required=True),
        Field("label", "the correct label, for accuracy"),
        Field(
            "labels", "the labels allowed for this row; all labels of the file when left out", "list of texts"
        ),
    )

    def check(self, record: Mapping[str, object]) -> tuple[dict[str, object] | None, list[FieldProblem]]:
        reading = Reading(record, self.fields)
        reading.take_all()
        label, labels = text_of(reading.payload, "label"), labels_of(reading.payload)
        if labels and len(labels) < MIN_LABELS:
            reading.problem(
                "labels", "only one label is allowed, so there is nothing to decide; give two or more"
            )
        for repeated in sorted({each for each in labels if labels.count(each) > 1}):
            reading.problem("labels", f"“{repeated}” is listed more than once; list it once")
        if label and labels and label not in labels:
            reading.problem("label", f"“{label}” is not one of this row's labels: {', '.join(labels)}")
        return reading.result()

    def settle(self, payloads: Sequence[Payload]) -> list[dict[str, object]]:
        shared: set[str] = set()
        for payload in payloads:
            shared.update(labels_of(payload))
            if label := text_of(payload, "label"):
                shared.add(label)
        everything = sorted(shared)
        return [
            dict(payload) if labels_of(payload) or not everything else {**payload, "labels": everything}
            for payload in payloads
        ]

    async def answer(self, payloads: Sequence[Payload], settings: Settings, ask: Ask) -> list[Outcome]:
        """Items with the same labels share requests; detail says how often an item was asked and with how
        many others."""
        by_labels: dict[tuple[str, ...], list[int]] = {}
        for place, payload in enumerate(payloads):
            by_labels.setdefault(tuple(labels_of(payload)), []).append(place)
        outcomes: dict[int, Outcome] = {}
        step = 0
        for labels, places in by_labels.items():
            texts = {place + 1: text_of(payloads[place], "text") for place in places}
            batch = Batch(texts, labels, settings, ask, first_step=step)
            answered = await batch.outcomes()
            step = batch.next_step
            outcomes.update({place: answered[place + 1] for place in places})
        return [outcomes[place] for place in range(len(payloads))]

    def objective(self, payload: Payload, output: object) -> Mapping[str, object] | None:
        """{"label_correct": bool, "label_allowed": bool}; None when the row has no correct label.

        Case and surrounding white space do not count, so that outputs made elsewhere are judged alike."""
        expected = text_of(payload, "label")
        if not expected or not isinstance(output, str):
            return None
        given = output.strip().casefold()
        allowed = {label.casefold() for label in labels_of(payload)} or {expected.casefold()}
        return {"label_correct": given == expected.strip().casefold(), "label_allowed": given in allowed}


def labels_of(payload: Payload) -> list[str]:
    """A payload's allowed labels; empty when any label will do."""
    labels = payload.get("labels")
    return [str(label) for label in labels] if isinstance(labels, list | tuple) else []

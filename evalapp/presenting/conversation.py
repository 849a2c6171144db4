"""A conversation put together again from what the user said and what a system answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One exchange. ``reply`` is None where the output has fewer turns than the conversation."""

    number: int
    said: str
    reply: str | None


def turns(payload: Mapping[str, object], output: object) -> tuple[Turn, ...]:
    """The user's messages (``payload["turns"]``) each with its reply, in order; no reply is left out."""
    said = _texts(payload.get("turns"))
    replies = _texts(output)
    return tuple(
        Turn(
            number=place + 1,
            said=said[place] if place < len(said) else "",
            reply=replies[place] if place < len(replies) else None,
        )
        for place in range(max(len(said), len(replies)))
    )


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Sequence):
        return [str(item) for item in value]
    return []

"""How rows travel to the database: many at a time, as one JSON array with typed columns."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

#: What is known of a request when it leaves, and of one that a stored answer made needless.
CALL: Mapping[str, str] = {
    "run_id": "bigint",
    "generation_id": "bigint",
    "model_id": "bigint",
    "price_id": "bigint",
    "purpose": "text",
    "step": "integer",
    "try_number": "smallint",
    "shared_by": "integer",
    "state": "text",
    "request_key": "text",
    "request": "text",
    "request_sha256": "text",
    "sent_at": "timestamptz",
    "reserved_usd": "numeric",
    "cost_usd": "numeric",
    "input_tokens": "integer",
    "cached_input_tokens": "integer",
    "output_tokens": "integer",
    "usage_estimated": "boolean",
    "error": "text",
    "error_message": "text",
    "finish_reason": "text",
    "model_answered": "text",
    "request_id": "text",
    "system_fingerprint": "text",
    "raw": "text",
}
#: What is known of a request when it has ended.
CALL_END: Mapping[str, str] = {
    "state": "text",
    "latency_ms": "double precision",
    "first_token_ms": "double precision",
    "http_status": "smallint",
    "error": "text",
    "error_message": "text",
    "input_tokens": "integer",
    "cached_input_tokens": "integer",
    "output_tokens": "integer",
    "usage_estimated": "boolean",
    "cost_usd": "numeric",
    "finish_reason": "text",
    "model_answered": "text",
    "request_id": "text",
    "system_fingerprint": "text",
    "reply": "jsonb",
    "raw": "text",
}
#: Every column that a sample's end may set.
GENERATION_END: Mapping[str, str] = {
    "state": "text",
    "attempt": "smallint",
    "next_attempt_at": "timestamptz",
    "output": "jsonb",
    "detail": "jsonb",
    "checks": "jsonb",
    "finish_reason": "text",
    "error": "text",
    "error_message": "text",
    "served_by": "text",
    "fallback_reason": "text",
    "latency_ms": "double precision",
    "first_token_ms": "double precision",
    "input_tokens": "integer",
    "cached_input_tokens": "integer",
    "output_tokens": "integer",
    "cost_usd": "numeric",
    "finished_at": "timestamptz",
}


def listed(names: Iterable[str]) -> str:
    """The columns as an INSERT or a SELECT lists them."""
    return ", ".join(names)


def given(names: Iterable[str]) -> str:
    """The columns as a request's row is taken over; its body came as text and stays as it is, to the byte."""
    return ", ".join("request::json" if name == "request" else name for name in names)


def declared(types: Mapping[str, str]) -> str:
    """The columns with their types, as a record is declared."""
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def assigned(names: Iterable[str], source: str) -> str:
    """The columns as an UPDATE takes them over from ``source``."""
    return ", ".join(f"{name} = {source}.{name}" for name in names)


def packed(rows: Sequence[Mapping[str, object]]) -> str:
    """The rows as a JSON array that PostgreSQL can hold: it keeps no NUL and no lone surrogate.

    Both become a replacement character.
    """
    try:
        text = msgspec.json.encode(rows).decode()
    except UnicodeEncodeError:
        text = ""
    if not text or "\\u0000" in text:
        text = msgspec.json.encode([cleaned(row) for row in rows]).decode()
    return text


def cleaned(value: object) -> object:
    """The value with every text in it as PostgreSQL can hold it."""
    if isinstance(value, str):
        # Through UTF-16, where two halves of a character that came apart find together again.
        return value.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {cleaned(str(key)): cleaned(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(inner) for inner in value]
    return value

"""What the test server can do: good answers, errors, and answers that are not answers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from .openai_server import Asked, Behaviour, Served

USAGE = {"prompt_tokens": 500, "completion_tokens": 1000, "total_tokens": 1500}


def completion(text: str | None = "An answer.", **changes: object) -> dict[str, object]:
    """A complete Chat Completions body. `message`, `choice` and top-level changes are merged over it; a value
    of `...` takes a key away."""
    message = _merged({"role": "assistant", "content": text, "refusal": None}, changes.pop("message", {}))
    choice = _merged(
        {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}, changes.pop("choice", {})
    )
    body: dict[str, object] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "small",
        "choices": [choice],
        "usage": dict(USAGE),
        "system_fingerprint": "fp_1",
    }
    return _merged(body, changes)


def _merged(base: Mapping[str, object], changes: object) -> dict[str, object]:
    assert isinstance(changes, Mapping)
    return {name: value for name, value in {**base, **changes}.items() if value is not ...}


def ok(text: str | None = "An answer.", *, delay_s: float = 0.0, **changes: object) -> Behaviour:
    """A good answer by the model that was asked, as a stream when one was asked for."""

    def behave(asked: Asked) -> Served:
        body = completion(text, **({"model": asked.body["model"]} | changes))
        if asked.body.get("stream"):
            return Served(
                pieces=tuple(events(chunks(text or "", model=str(body["model"])))),
                headers={"content-type": "text/event-stream"},
                chunked=True,
                delay_s=delay_s,
            )
        return Served(pieces=(json.dumps(body).encode(),), delay_s=delay_s)

    return behave


def chunks(
    text: str, *, model: str = "small", finish_reason: str | None = "stop", usage: bool = True
) -> list[dict[str, object]]:
    """The chunks of a streamed answer, word by word."""
    base: dict[str, object] = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model}
    deltas: list[dict[str, object]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word} for word in text.split(" ") for word in (word + " ",)]
    if text:
        deltas[-1] = {"content": str(deltas[-1]["content"])[:-1]}
    made = [{**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    if finish_reason is not None:
        made.append({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]})
    if usage:
        made.append({**base, "choices": [], "usage": dict(USAGE)})
    return made


def events(of: list[dict[str, object]], *, end: bool = True) -> list[bytes]:
    """Chunks as server-sent events."""
    made = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in of]
    return [*made, b"data: [DONE]\n\n"] if end else made


def stream(*pieces: bytes, cut: bool = False, pause_s: float = 0.0) -> Served:
    """These bytes as a stream of events."""
    return Served(
        pieces=pieces, headers={"content-type": "text/event-stream"}, chunked=True, cut=cut, pause_s=pause_s
    )


def body(raw: bytes | str | object, *, status: int = 200, headers: dict[str, str] | None = None) -> Served:
    """This body: bytes and texts as they are, anything else as JSON."""
    data = raw if isinstance(raw, bytes) else (raw if isinstance(raw, str) else json.dumps(raw)).encode()
    return Served(status=status, pieces=(data,), headers=headers or {})


def failing(
    status: int, message: str = "", *, code: str | None = None, headers: dict[str, str] | None = None
) -> Served:
    """An error as OpenAI reports it."""
    return body(
        {"error": {"message": message, "type": "error", "param": None, "code": code}},
        status=status,
        headers=headers,
    )


def too_many(headers: dict[str, str] | None = None, message: str = "Rate limit reached") -> Served:
    return failing(429, message, code="rate_limit_exceeded", headers=headers)


def out_of_quota() -> Served:
    return failing(429, "You exceeded your current quota", code="insufficient_quota")


def bad_key(quoted: str = "sk-abcd1234efgh5678") -> Served:
    return failing(401, f"Incorrect API key provided: {quoted}", code="invalid_api_key")


def model_missing() -> Served:
    return failing(404, "The model does not exist", code="model_not_found")


def web_page(status: int = 200) -> Served:
    page = b"<!doctype html><html><body>Welcome</body></html>"
    return body(page, status=status, headers={"content-type": "text/html"})


def cut_body(raw: bytes) -> Served:
    """A body that promises more bytes than it has, and a connection that closes."""
    return Served(pieces=(raw,), cut=True)


HANG_UP = Served(hang_up=True)
SILENT = Served(silent=True)


def verbatim(raw: bytes) -> Served:
    return Served(verbatim=raw)

"""The bytes of a request as they leave: what the client is given, what the ledger keeps, what is sent.

The body is the same in all three but for pictures, which the ledger keeps by the SHA-256 of their bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from .messages import ChatRequest

OPENAI_HOST = "api.openai.com"


def sent_body(request: ChatRequest, base_url: str) -> dict[str, object]:
    """The JSON body as an endpoint at this address is sent it, pictures as data URLs."""
    return _renamed(request.body(), base_url)


def logged_body(request: ChatRequest, base_url: str) -> dict[str, object]:
    """The same body as the ledger keeps it, pictures by their checksums."""
    return _renamed(request.logged_body(), base_url)


def body_text(body: Mapping[str, object]) -> str:
    """A body as the client writes it: compact, keys in their order, letters as they are.

    Raises ValueError for numbers that JSON has not.
    """
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def checksum(text: str) -> str:
    """SHA-256 (hex) of a body's bytes. Raises UnicodeEncodeError for half a surrogate pair."""
    return hashlib.sha256(text.encode()).hexdigest()


def _renamed(body: dict[str, object], base_url: str) -> dict[str, object]:
    """OpenAI itself has renamed the token limit, and its newer models refuse the old name; other servers
    know only the old one."""
    if "max_tokens" not in body or urlsplit(base_url).hostname != OPENAI_HOST:
        return body
    return {"max_completion_tokens" if name == "max_tokens" else name: each for name, each in body.items()}

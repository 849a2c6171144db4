"""When an exchange happened and what came back of it: the facts every reply and every error carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from .errors import ProviderError
from .messages import Usage

ErrorT = TypeVar("ErrorT", bound=ProviderError)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One exchange over HTTP: `raw` is the body as received, keys masked; times run from sending."""

    latency_ms: float
    received_at: datetime
    raw: str
    http_status: int
    request_id: str | None = None
    first_token_ms: float | None = None

    def failed(self, kind: type[ErrorT], message: str, *, usage: Usage | None = None) -> ErrorT:
        """An error of this exchange."""
        return kind(
            message,
            raw=self.raw,
            http_status=self.http_status,
            usage=usage,
            request_id=self.request_id,
            latency_ms=self.latency_ms,
        )

"""Everything that can go wrong between a request and a usable answer, as one tree.

ProviderError
├── ConnectionFailed      no connection, or it broke before the answer's status line
├── TimedOut              our own total deadline ran out
├── RateLimited           429: too many requests or tokens
├── QuotaExhausted        429 or 402: the account has no money or quota left
├── KeyRefused            401 or 403: missing, wrong or powerless key
├── ModelMissing          404: the endpoint does not serve this model
├── InputTooLong          the input does not fit the model's context, whatever is done
├── RequestRefused        any other 4xx: this request can never succeed
├── ServerFailed          5xx, and errors reported inside an answer with status 200
├── Redirected            3xx: redirects are not followed, so a key reaches no other host
├── ContentFiltered       the endpoint withheld the answer (finish_reason "content_filter")
├── Unanswered            a batch was answered, but this item was left out as often as it was asked
├── NotRecorded           the recording has no answer to this request
└── UnreadableReply       status 200, but not an answer
    ├── NotJson           the body is something else, for instance a web page
    ├── CutJson           the body stops in the middle
    ├── WrongShape        JSON of another shape
    ├── NoChoices         `choices` is missing or empty
    ├── EmptyContent      an answer without text and without a refusal
    ├── EndedEarly        a stream stopped before its finish reason
    ├── WrongModel        another model answered than was asked
    └── TooLarge          the body is larger than any answer may be
"""

# The names say what happened, so that code reads "except RateLimited".

from __future__ import annotations

from typing import ClassVar, Literal

from .messages import Usage

Stops = Literal["nothing", "model", "run"]


class ProviderError(Exception):
    """A call that gave no usable answer.

    `code` is a stable short name. `permanent` says that asking the same again cannot help. `stops` says how
    far the trouble reaches: this call only, every call of this model, or the whole run. `may_be_billed` says
    that the endpoint may have done, and charged for, the work. `raw` is the body as received, `retry_after_s`
    how many seconds the endpoint asked us to wait, `usage` what it says it counted.
    """

    code: ClassVar[str] = "provider_error"
    permanent: ClassVar[bool] = False
    stops: ClassVar[Stops] = "nothing"
    may_be_billed: bool = False

    def __init__(
        self,
        message: str,
        *,
        raw: str | None = None,
        http_status: int | None = None,
        retry_after_s: float | None = None,
        usage: Usage | None = None,
        request_id: str | None = None,
        latency_ms: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.raw = raw
        self.http_status = http_status
        self.retry_after_s = retry_after_s
        self.usage = usage
        self.request_id = request_id
        self.latency_ms = latency_ms

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ConnectionFailed(ProviderError):
    """No connection, or it broke before an answer came. `sent` says whether the request may have gone out."""

    code = "connection_failed"

    def __init__(self, message: str, *, sent: bool = True, latency_ms: float | None = None) -> None:
        super().__init__(message, latency_ms=latency_ms)
        self.sent = sent
        self.may_be_billed = sent


class TimedOut(ProviderError):
    code = "timed_out"
    may_be_billed = True


class RateLimited(ProviderError):
    code = "rate_limited"


class QuotaExhausted(ProviderError):
    code = "quota_exhausted"
    permanent = True
    stops = "run"


class KeyRefused(ProviderError):
    code = "key_refused"
    permanent = True
    stops = "run"


class ModelMissing(ProviderError):
    code = "model_missing"
    permanent = True
    stops = "model"


class InputTooLong(ProviderError):
    code = "input_too_long"
    permanent = True


class RequestRefused(ProviderError):
    code = "request_refused"
    permanent = True


class ServerFailed(ProviderError):
    code = "server_failed"


class Redirected(ProviderError):
    code = "redirected"
    permanent = True
    stops = "run"


class ContentFiltered(ProviderError):
    code = "content_filtered"
    permanent = True
    may_be_billed = True


class Unanswered(ProviderError):
    code = "unanswered"
    permanent = True
    may_be_billed = True


class NotRecorded(ProviderError):
    code = "not_recorded"
    permanent = True


class UnreadableReply(ProviderError):
    code = "unreadable_reply"
    may_be_billed = True


class NotJson(UnreadableReply):
    code = "not_json"


class CutJson(UnreadableReply):
    code = "cut_json"


class WrongShape(UnreadableReply):
    code = "wrong_shape"
    permanent = True


class NoChoices(UnreadableReply):
    code = "no_choices"


class EmptyContent(UnreadableReply):
    code = "empty_content"


class EndedEarly(UnreadableReply):
    code = "ended_early"


class WrongModel(UnreadableReply):
    code = "wrong_model"
    permanent = True
    stops = "model"


class TooLarge(UnreadableReply):
    code = "too_large"
    permanent = True

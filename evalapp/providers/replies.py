"""The one strict reading of a Chat Completions answer: a reply, or a named error with the raw body."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import msgspec

from .errors import (
    ContentFiltered,
    CutJson,
    EmptyContent,
    NoChoices,
    NotJson,
    ProviderError,
    UnreadableReply,
    WrongModel,
    WrongShape,
)
from .exchange import Exchange
from .messages import ChatReply, ChatRequest, ImagePart, Usage, estimate_tokens
from .statuses import status_error

UNSTATED = "unstated"  # the finish reason of an endpoint that gives none
IMAGE_TOKENS = 85  # what an image counts for when nobody reports tokens: a low-detail picture at OpenAI
DATED = re.compile(r"-(\d{4}|\d{6}|\d{8}|\d{4}-\d{2}(-\d{2})?|latest)")


@dataclass
class Spoken:
    """An answer's parts before they are judged, whether they came at once or as a stream."""

    text: str = ""
    refusal: str = ""
    finish_reason: str | None = None
    model: str = ""
    system_fingerprint: str | None = None
    usage: object = None
    logprobs: list[float] = field(default_factory=list)


def read_reply(
    raw: bytes, request: ChatRequest, exchange: Exchange, *, check_model: bool = True
) -> ChatReply:
    """The reply in a body that came with status 200.

    Raises the `UnreadableReply`, `ContentFiltered` or reported error that the body amounts to.
    """
    value = decoded(raw, exchange)
    if isinstance(value, dict) and value.get("error"):
        raise reported(value["error"], exchange)
    if not isinstance(value, dict):
        raise exchange.failed(WrongShape, f"expected a JSON object, found {_json_type(value)}")
    choices = value.get("choices")
    if choices is None or choices == []:
        raise exchange.failed(
            NoChoices, "the answer has no choices", usage=reported_usage(value.get("usage"))
        )
    first = choices[0] if isinstance(choices, list) else None
    message = first.get("message") if isinstance(first, dict) else None
    if not isinstance(first, dict) or not isinstance(message, dict):
        raise exchange.failed(WrongShape, "the first choice has no message")
    spoken = Spoken(
        text=text_in(message.get("content"), exchange),
        refusal=_text(message.get("refusal")),
        finish_reason=_text(first.get("finish_reason")) or None,
        model=_text(value.get("model")),
        system_fingerprint=_text(value.get("system_fingerprint")) or None,
        usage=value.get("usage"),
        logprobs=logprobs_in(first.get("logprobs")),
    )
    return judged(spoken, request, exchange, check_model=check_model)


def judged(spoken: Spoken, request: ChatRequest, exchange: Exchange, *, check_model: bool) -> ChatReply:
    """The reply, unless it is empty, withheld or another model's."""
    usage = reported_usage(spoken.usage)
    if check_model and not same_model(request.model, spoken.model):
        raise exchange.failed(WrongModel, f"asked {request.model}, but {spoken.model} answered", usage=usage)
    if spoken.finish_reason == "content_filter":
        raise exchange.failed(ContentFiltered, "the endpoint withheld the answer", usage=usage)
    # A model may spend its whole allowance before its first word: that is a cut answer, not a missing one.
    if not spoken.text.strip() and not spoken.refusal and spoken.finish_reason != "length":
        raise exchange.failed(
            EmptyContent, f"no text and no refusal (finish reason: {spoken.finish_reason})", usage=usage
        )
    return ChatReply(
        text=spoken.text,
        usage=usage or estimated_usage(request, spoken.text),
        finish_reason=spoken.finish_reason or UNSTATED,
        latency_ms=exchange.latency_ms,
        model=spoken.model,
        first_token_ms=exchange.first_token_ms,
        request_id=exchange.request_id,
        system_fingerprint=spoken.system_fingerprint,
        refusal=spoken.refusal or None,
        mean_logprob=sum(spoken.logprobs) / len(spoken.logprobs) if spoken.logprobs else None,
        raw=exchange.raw,
        http_status=exchange.http_status,
    )


def decoded(raw: bytes, exchange: Exchange) -> object:
    """The JSON value of a body. Raises NotJson or CutJson."""
    body = raw.strip().removeprefix(b"\xef\xbb\xbf")
    if not body:
        raise exchange.failed(NotJson, "the body is empty")
    if body.startswith(b"<"):
        raise exchange.failed(NotJson, "the body is a web page; the base URL may lead to something else")
    failure: UnreadableReply
    try:
        value: object = msgspec.json.decode(body)
    except UnicodeDecodeError:
        failure = exchange.failed(NotJson, "the body is not UTF-8")
    except RecursionError:
        failure = exchange.failed(WrongShape, "the JSON is nested too deeply")
    except msgspec.MsgspecError as error:
        kind = CutJson if "truncated" in str(error) and body[:1] in b"{[" else NotJson
        failure = exchange.failed(kind, str(error))
    else:
        return value
    raise failure


def reported(error: object, exchange: Exchange) -> ProviderError:
    """The error an endpoint reports inside an answer with status 200; the work may have been charged for."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    found = status_error(
        status, {}, msgspec.json.encode({"error": error}).decode("utf-8"), now=exchange.received_at
    )
    found.raw, found.http_status = exchange.raw, exchange.http_status
    found.request_id, found.latency_ms = exchange.request_id, exchange.latency_ms
    found.may_be_billed = True
    return found


def text_in(content: object, exchange: Exchange) -> str:
    """The text of a message's content: a text, nothing, or a list of text parts."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return "".join(_text(part.get("text")) for part in content)
    raise exchange.failed(WrongShape, f"the content is {_json_type(content)}, not a text")


def logprobs_in(value: object) -> list[float]:
    """Natural-log probabilities of the output tokens; empty when none were sent."""
    content = value.get("content") if isinstance(value, dict) else None
    if not isinstance(content, list):
        return []
    found = [entry.get("logprob") for entry in content if isinstance(entry, dict)]
    return [float(each) for each in found if isinstance(each, int | float) and not isinstance(each, bool)]


def reported_usage(value: object) -> Usage | None:
    """The usage an endpoint reports, or None when it is missing or contradicts itself."""
    if not isinstance(value, dict):
        return None
    details = value.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    counts = (value.get("prompt_tokens"), value.get("completion_tokens"), 0 if cached is None else cached)
    asked, answered, reused = (_count(each) for each in counts)
    if asked is None or answered is None or reused is None or reused > asked:
        return None
    return Usage(input_tokens=asked, output_tokens=answered, cached_input_tokens=reused)


def estimated_usage(request: ChatRequest, text: str) -> Usage:
    """Counts for an answer whose endpoint reported none, marked as estimated."""
    images = sum(
        isinstance(part, ImagePart)
        for message in request.messages
        if not isinstance(message.content, str)
        for part in message.content
    )
    asked = sum(estimate_tokens(message.text) for message in request.messages)
    return Usage(asked + images * IMAGE_TOKENS, estimate_tokens(text), estimated=True)


def same_model(asked: str, answered: str) -> bool:
    """Whether the answering name is the one asked for.

    Case, a vendor's prefix ("openai/…") and a tag ("…:free") do not count, and a dated snapshot answers for
    its alias ("gpt-4o-mini-2024-07-18" for "gpt-4o-mini"), so that "gpt-4o-mini" never passes for "gpt-4o".
    An endpoint that gives no name is believed.
    """
    if not answered:
        return True
    wanted, got = (name.casefold().rsplit("/", 1)[-1].split(":", 1)[0] for name in (asked, answered))
    wanted = wanted.removesuffix("-latest")
    return got == wanted or (got.startswith(wanted) and DATED.fullmatch(got[len(wanted) :]) is not None)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json_type(value: object) -> str:
    names: dict[type, str] = {type(None): "null", bool: "a boolean", str: "a text", list: "a list"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "an object")

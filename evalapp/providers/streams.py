"""Reads a streamed answer as it arrives: server-sent events, each a JSON chunk of the answer."""

from __future__ import annotations

import msgspec

from .errors import CutJson, EndedEarly, NotJson, WrongShape
from .exchange import Exchange
from .messages import ChatReply, ChatRequest
from .replies import Spoken, judged, logprobs_in, read_reply, reported, reported_usage

END_MARK = b"[DONE]"


class StreamReading:
    """Takes the bytes of a body in the order they come; `reply` reads the whole at the end.

    `began` is true from the first piece of text (or of a refusal) on, `ended` from the end mark on. Nothing
    is raised while bytes come in, so that the whole body is there for the error.
    """

    def __init__(self) -> None:
        self.began = False
        self.ended = False
        self._events = 0
        self._rest = b""
        self._spoken = Spoken()
        self._texts: list[str] = []
        self._refusals: list[str] = []
        self._broken: list[bytes] = []
        self._odd: str | None = None
        self._error: object = None

    def feed(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._line(line.rstrip(b"\r"))

    def reply(self, raw: bytes, request: ChatRequest, exchange: Exchange, *, check_model: bool) -> ChatReply:
        """The reply these events add up to; raises what is wrong with them.

        An endpoint that ignores the wish for a stream and answers at once is read as such.
        """
        if self._rest.strip():
            self._line(self._rest.rstrip(b"\r"))
            self._rest = b""
        if not self._events:
            return read_reply(raw, request, exchange, check_model=check_model)
        usage = reported_usage(self._spoken.usage)
        if self._error is not None:
            raise reported(self._error, exchange)
        if self._odd is not None:
            raise exchange.failed(WrongShape, self._odd, usage=usage)
        if self._broken:
            kind = NotJson if self.ended else CutJson
            raise exchange.failed(kind, "an event of the stream is not whole JSON", usage=usage)
        if self._spoken.finish_reason is None:
            raise exchange.failed(EndedEarly, "the stream stopped before its finish reason", usage=usage)
        self._spoken.text = "".join(self._texts)
        self._spoken.refusal = "".join(self._refusals)
        return judged(self._spoken, request, exchange, check_model=check_model)

    def _line(self, line: bytes) -> None:
        # Of the fields an event may have, only its data matters here; chunks always fit on one line.
        if not line.startswith(b"data:"):
            return
        data = line[5:].strip()
        self._events += 1
        if data == END_MARK:
            self.ended = True
            return
        try:
            chunk: object = msgspec.json.decode(data)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            self._broken.append(data)
            return
        if isinstance(chunk, dict):
            self._chunk(chunk)
        else:
            self._odd = "an event of the stream is not a JSON object"

    def _chunk(self, chunk: dict[str, object]) -> None:
        spoken = self._spoken
        if chunk.get("error"):
            self._error = chunk["error"]
            return
        if isinstance(chunk.get("model"), str) and not spoken.model:
            spoken.model = str(chunk["model"])
        if isinstance(chunk.get("system_fingerprint"), str):
            spoken.system_fingerprint = str(chunk["system_fingerprint"])
        if chunk.get("usage") is not None:
            spoken.usage = chunk["usage"]
        choices = chunk.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(first, dict):
            return
        spoken.logprobs += logprobs_in(first.get("logprobs"))
        if isinstance(first.get("finish_reason"), str):
            spoken.finish_reason = str(first["finish_reason"])
        delta = first.get("delta")
        if isinstance(delta, dict):
            self._delta(delta)

    def _delta(self, delta: dict[str, object]) -> None:
        content, refusal = delta.get("content"), delta.get("refusal")
        if isinstance(content, str):
            self._texts.append(content)
        elif content is not None:
            self._odd = "a piece of the stream's content is not a text"
        if isinstance(refusal, str):
            self._refusals.append(refusal)
        self.began = self.began or bool(content or refusal)

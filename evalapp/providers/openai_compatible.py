"""Any endpoint that speaks OpenAI-compatible Chat Completions, through the official client.

The client is told to retry nothing and to follow no redirect, because each of its own attempts would be a
payment that the ledger does not see. What is sent is what the request says: the client's habit of taking
organisation, project and key from the environment is switched off.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, DefaultAioHttpClient, Omit

from . import wire
from .errors import ConnectionFailed, CutJson, EndedEarly, NotJson, ProviderError, TimedOut, TooLarge
from .exchange import Exchange
from .messages import ChatReply, ChatRequest
from .replies import read_reply
from .statuses import status_error
from .streams import StreamReading

CONNECT_TIMEOUT_S = 10.0
DRAIN_S = 0.1  # after a stream's end mark: time for the bytes that let the connection be used again
# Then time to notice that the server has closed the connection after all, as llama.cpp's does unannounced: a
# request put on it could be lost with nobody knowing whether it was served.
NOTICE_S = 0.005
MAX_REPLY_BYTES = 32_000_000
AS_STREAM = "X-Stainless-Raw-Response"  # the client's own word for: hand the body over as it comes
FOUND_CLOSED = aiohttp.ClientConnectionResetError  # a kept connection, at the first byte written to it
NEVER_OUT = (aiohttp.ClientConnectorError, httpx2.UnsupportedProtocol, FOUND_CLOSED)
KEY_LIKE = re.compile(r"\b(?:sk|key|pk|gsk|xai)-[\w*.-]{6,}")


class OpenAICompatible:
    """A provider over HTTP.

    `timeout_s` is the deadline for a whole exchange. `check_model` off believes whatever model name an
    endpoint answers with, which local servers may need. Use one instance within one event loop, and close it.
    """

    def __init__(
        self, *, base_url: str, api_key: str | None, timeout_s: float = 120.0, check_model: bool = True
    ) -> None:
        self.base_url = base_url
        self._timeout_s = timeout_s
        self._check_model = check_model
        self._key = api_key or ""
        unsent: Any = {"OpenAI-Organization": Omit(), "OpenAI-Project": Omit()}
        self._headers: dict[str, Omit] = {} if self._key else {"Authorization": Omit()}
        self._client = AsyncOpenAI(
            base_url=base_url,
            # An empty key would make the client look for one in the environment, meant for someone else.
            api_key=self._key or "none",
            max_retries=0,
            default_headers=unsent,
            http_client=DefaultAioHttpClient(
                follow_redirects=False,
                timeout=httpx2.Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s)),
            ),
        )

    def __repr__(self) -> str:
        return f"OpenAICompatible(base_url={self.base_url!r})"

    async def aclose(self) -> None:
        await self._client.close()

    def body(self, request: ChatRequest) -> dict[str, object]:
        """The JSON body as sent, to the byte when written as `wire.body_text` writes it."""
        return wire.sent_body(request, self.base_url)

    async def __call__(self, request: ChatRequest) -> ChatReply:
        """Sends the request once. Raises a `ProviderError` for everything but a usable answer."""
        sending = _Sending(time.perf_counter())
        # The error is raised outside the except clauses: the client's exceptions hold the request with its
        # headers and must not travel along as its context.
        failure: ProviderError
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange_afresh(request, sending)
        except TimeoutError:
            failure = TimedOut(
                f"no complete answer within {self._timeout_s:g} s",
                raw=self._masked(bytes(sending.raw)) or None,
            )
        except ProviderError as error:
            failure = error
        except APIStatusError as error:
            failure = self._refused(error)
        except (APIConnectionError, httpx2.RequestError, aiohttp.ClientError, OSError) as error:
            failure = self._broken(error, request, sending)
        if failure.latency_ms is None:
            failure.latency_ms = sending.elapsed_ms()
        raise failure

    async def _exchange_afresh(self, request: ChatRequest, sending: _Sending) -> ChatReply:
        """What finds its kept connection closed has not left, so it is sent on another one."""
        try:
            return await self._exchange(request, sending)
        except APIConnectionError as error:
            if not any(isinstance(cause, FOUND_CLOSED) for cause in _causes(error)):
                raise
        return await self._exchange(request, sending)

    async def _exchange(self, request: ChatRequest, sending: _Sending) -> ChatReply:
        post: Any = self._client.post
        # The body goes out as these very bytes. The client's own way of making them from named parameters
        # costs more processor time than all the rest of a call.
        content = wire.body_text(self.body(request)).encode()
        headers = {**self._headers, AS_STREAM: "stream"}
        response = await post(
            "/chat/completions", cast_to=object, content=content, options={"headers": headers}
        )
        try:
            sending.http_status = response.status_code
            sending.request_id = response.headers.get("x-request-id")
            reading = StreamReading() if request.stream else None
            chunks: AsyncIterator[bytes] = response.iter_bytes()
            async for chunk in chunks:
                sending.raw += chunk
                if len(sending.raw) > MAX_REPLY_BYTES:
                    raise self._received(sending).failed(TooLarge, f"more than {MAX_REPLY_BYTES} bytes")
                if reading is None:
                    continue
                reading.feed(chunk)
                if reading.began and sending.first_token_ms is None:
                    sending.first_token_ms = sending.elapsed_ms()
                if reading.ended:
                    break
            received = self._received(sending)
            if reading is None:
                return read_reply(bytes(sending.raw), request, received, check_model=self._check_model)
            await _drained(chunks)
            return reading.reply(bytes(sending.raw), request, received, check_model=self._check_model)
        finally:
            await response.close()

    def _received(self, sending: _Sending) -> Exchange:
        return Exchange(
            latency_ms=sending.elapsed_ms(),
            received_at=datetime.now(UTC),
            raw=self._masked(bytes(sending.raw)),
            http_status=sending.http_status,
            request_id=sending.request_id,
            first_token_ms=sending.first_token_ms,
        )

    def _refused(self, error: APIStatusError) -> ProviderError:
        raw = self._masked(error.response.content)
        return status_error(error.status_code, error.response.headers, raw, now=datetime.now(UTC))

    def _broken(self, error: Exception, request: ChatRequest, sending: _Sending) -> ProviderError:
        """A connection that could not be made, or that broke before or within the body."""
        if sending.raw:
            kind = EndedEarly if request.stream else CutJson
            return self._received(sending).failed(kind, "the connection broke within the answer")
        causes = _causes(error)
        if any(isinstance(cause, httpx2.DecodingError) for cause in causes):
            return self._received(sending).failed(NotJson, "the body is not compressed as its headers say")
        # The transport reports a dropped connection as a connection that timed out, so its own cause decides.
        if any(isinstance(cause, NEVER_OUT) for cause in causes):
            return ConnectionFailed(f"no connection to {self.base_url}: {causes[-1]}", sent=False)
        if any(isinstance(cause, aiohttp.ConnectionTimeoutError) for cause in causes):
            return ConnectionFailed(f"no connection to {self.base_url} in time", sent=False)
        if any(isinstance(cause, aiohttp.ServerTimeoutError | TimeoutError) for cause in causes):
            return TimedOut("the endpoint did not answer in time")
        return ConnectionFailed(f"the connection to {self.base_url} broke: {type(causes[-1]).__name__}")

    def _masked(self, raw: bytes) -> str:
        """The body as text, without anything that looks like a key: endpoints like to quote it."""
        text = raw.decode("utf-8", "replace")
        if self._key:
            text = text.replace(self._key, "[key]")
        return KEY_LIKE.sub("[key]", text)


class _Sending:
    """What is known of an exchange while it lasts."""

    def __init__(self, started: float) -> None:
        self._started = started
        self.raw = bytearray()
        self.http_status = 0
        self.request_id: str | None = None
        self.first_token_ms: float | None = None

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self._started) * 1000


async def _drained(chunks: AsyncIterator[bytes]) -> None:
    try:
        async with asyncio.timeout(DRAIN_S):
            async for _ in chunks:
                pass
        await asyncio.sleep(NOTICE_S)
    except (TimeoutError, httpx2.RequestError, aiohttp.ClientError):
        # The answer is complete; all that is lost is a connection that could have been used again.
        return


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain

"""Asks the test server through the real client."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from evalapp.providers.errors import ProviderError
from evalapp.providers.messages import ChatReply, ChatRequest, Message
from evalapp.providers.openai_compatible import OpenAICompatible
from tests.servers.openai_server import OpenAIServer

KEY = "sk-test-0123456789abcdef"
REQUEST = ChatRequest(model="small", messages=(Message("user", "What is the capital of France?"),))
STREAMED = replace(REQUEST, stream=True)


def ask(
    server: OpenAIServer,
    request: ChatRequest = REQUEST,
    *,
    timeout_s: float = 20.0,
    base_url: str | None = None,
) -> ChatReply:
    async def once() -> ChatReply:
        provider = OpenAICompatible(base_url=base_url or server.base_url, api_key=KEY, timeout_s=timeout_s)
        try:
            return await provider(request)
        finally:
            await provider.aclose()

    return asyncio.run(once())


def failure(
    server: OpenAIServer,
    request: ChatRequest = REQUEST,
    *,
    timeout_s: float = 20.0,
    base_url: str | None = None,
) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        ask(server, request, timeout_s=timeout_s, base_url=base_url)
    return caught.value

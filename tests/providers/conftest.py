"""One server for all tests of a file; each test sees only what it asked itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAIServer]:
    with OpenAIServer(behaviours.ok()) as server:
        yield server


@pytest.fixture
def server(running: OpenAIServer) -> OpenAIServer:
    running.forget()
    return running

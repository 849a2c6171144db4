"""The real model of this machine, served over HTTP for the tests of this folder."""

import re
import sys
from collections.abc import Iterator

import pytest

from operating import children, local_model
from tests.operating.runs import Run


def start(*more: str) -> Run:
    """The server as an operator starts it, tied to this process as the supervisor ties it."""
    command = (sys.executable, "-m", "operating.local_model", *more)
    return Run(children.tethered(command))


@pytest.fixture(scope="session")
def base_url() -> Iterator[str]:
    """The address of a running server."""
    with start("--port", "0") as run:
        said = run.until(local_model.READY_LINE)
        [address] = re.findall(r"http://127\.0\.0\.1:\d+/v1", said)
        yield address

"""Where the servers of a test run answer, known before they run.

So settings can be read and pure tests need not wait for a server. With DATABASE_URL and REDIS_URL set, those
servers are used instead; every worker gets a database of its own on both.
"""

import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from operating import addresses, runtime

ROOT_VARIABLE = "BLIND_EVAL_TEST_SERVERS"
OWNER_VARIABLE = "BLIND_EVAL_TEST_OWNER"


def point_environment() -> None:
    """Set the addresses for this process: those given, or those of servers that start when first needed."""
    if ROOT_VARIABLE not in os.environ and not _given():
        # Named by the process that controls the run, inherited by its workers, made when servers start.
        name = f"blind-eval-test-{secrets.token_hex(6)}"
        os.environ[ROOT_VARIABLE] = str(Path(tempfile.gettempdir()) / name)
        os.environ[OWNER_VARIABLE] = str(os.getpid())
    if ROOT_VARIABLE in os.environ:
        reached = addresses.of_runtime(runtime.at(Path(os.environ[ROOT_VARIABLE])))
        os.environ.setdefault("DATABASE_URL", reached.database_url)
        os.environ.setdefault("REDIS_URL", reached.redis_url)
    os.environ["REDIS_URL"] = _numbered(os.environ["REDIS_URL"], _worker_number() + 1)


def _given() -> bool:
    return bool(os.environ.get("DATABASE_URL")) and bool(os.environ.get("REDIS_URL"))


def _worker_number() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _numbered(url: str, number: int) -> str:
    """The same Redis server with another database number."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return urlunsplit(parts._replace(path=f"/{number}"))

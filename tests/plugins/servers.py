"""Real PostgreSQL and Valkey for the tests: started when first needed, shared by all workers."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.plugins.places import OWNER_VARIABLE, ROOT_VARIABLE

BASE_DIR = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60.0


@pytest.fixture(scope="session")
def servers() -> None:
    """PostgreSQL and Valkey are running."""
    if ROOT_VARIABLE in os.environ:
        _start_once(Path(os.environ[ROOT_VARIABLE]))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(servers: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Whoever asks for the database gets the servers started first."""


@pytest.fixture
def redis_url(servers: None) -> Iterator[str]:
    """The address of this worker's own Valkey database, empty at the start and left empty."""
    url = os.environ["REDIS_URL"]
    with redis.Redis.from_url(url) as client:
        client.flushdb()
        yield url
        client.flushdb()


def _start_once(root: Path) -> None:
    """Start the servers unless another worker has; they end with the process that controls the run."""
    root.mkdir(mode=0o755, exist_ok=True)
    log = root / "servers.out"
    with (root / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if log.exists() and "REDIS_URL=" in log.read_text(encoding="utf-8"):
            return
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable, "-m", "operating", "servers", "--root", str(root), "--throwaway",
                    "--while-alive", os.environ[OWNER_VARIABLE],
                ],
                cwd=BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while "REDIS_URL=" not in (said := log.read_text(encoding="utf-8")):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.exit(f"The test servers did not start:\n{said}", returncode=1)
            time.sleep(0.02)
        # It outlives this worker by design; nobody here waits for it.
        process.returncode = 0

"""The real thing for end-to-end tests: granian and a Celery worker on this worker's test database."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings

from operating import runtime, services, supervisor
from operating.servers import EmbeddedServers
from operating.supervisor import Plan

BASE_DIR = Path(__file__).resolve().parents[2]
READY = "The stack is up."


@pytest.fixture
def live_stack(stack_processes: str, redis_url: str, transactional_db: None) -> str:
    """The address of a running web server with a running Celery worker behind it, on an empty database.

    Web server and worker see what the test commits, and the test sees what they do.
    """
    return stack_processes


@pytest.fixture(scope="session")
def stack_processes(
    servers: None, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Web server and worker, started once per test worker and stopped at its end."""
    port = free_port()
    logs = tmp_path_factory.mktemp("stack")
    database = settings.DATABASES["default"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": _database_url(database),
        "PYTHONPATH": str(BASE_DIR),
    }
    command = [sys.executable, "-m", "tests.plugins.stack", str(logs), str(port)]
    with subprocess.Popen(
        command, cwd=BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if READY in line:
                break
        else:
            pytest.fail("The stack did not start:\n" + "".join(said), pytrace=False)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _database_url(database: Mapping[str, object]) -> str:
    """The settings' database as an address; every part may hold any character."""
    user, secret, name, host, port = (
        quote(str(database[part]), safe="") for part in ("USER", "PASSWORD", "NAME", "HOST", "PORT")
    )
    return f"postgresql://{user}{secret and f':{secret}'}@/{name}?host={host}{port and f'&port={port}'}"


def free_port() -> int:
    """A port of this machine that nobody used a moment ago."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def main(log_dir: Path, port: int) -> int:
    """Run web server and worker until the test that started them ends."""
    nowhere = runtime.at(Path(tempfile.gettempdir()))
    return supervisor.run(
        Plan(
            log_dir=log_dir,
            servers=EmbeddedServers(where=nowhere, var_dir=None, with_postgres=False, with_valkey=False),
            services=(services.worker(BASE_DIR), services.web(BASE_DIR, host="127.0.0.1", port=port)),
            closing=(READY,),
            watched=os.getppid(),
        )
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))

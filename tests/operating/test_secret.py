"""The kept signing key."""

import subprocess
import sys
from pathlib import Path

import pytest

from operating import secret
from operating.errors import OperatingError
from tests.operating.runs import BASE_DIR


def test_the_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    key = secret.kept_key(tmp_path / "var")
    assert len(key) >= 50
    assert secret.kept_key(tmp_path / "var") == key
    assert (tmp_path / "var" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert secret.kept_key(tmp_path / "other") != key
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["secret-key"]


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys; from operating import secret; print(secret.kept_key(pathlib.Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "var")]
    started = [subprocess.Popen(command, cwd=BASE_DIR, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    keys = {process.communicate()[0] for process in started}
    assert len(keys) == 1
    assert [process.returncode for process in started] == [0] * 8


def test_a_cut_key_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("short\n")
    with pytest.raises(OperatingError, match=r"cut short\. Remove the file, or set SECRET_KEY\."):
        secret.kept_key(tmp_path)


def test_a_key_that_cannot_be_made_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a folder should be")
    with pytest.raises(OperatingError, match="or set SECRET_KEY"):
        secret.kept_key(tmp_path / "var")

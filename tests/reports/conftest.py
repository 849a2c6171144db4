"""Running the commands as anyone would, and files to run them on."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WriteCsv = Callable[[Sequence[str], Iterable[Sequence[object]]], Path]
RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def write_csv(tmp_path: Path) -> WriteCsv:
    """Write a CSV file and say where it is."""

    def write(columns: Sequence[str], records: Iterable[Sequence[object]]) -> Path:
        path = tmp_path / f"table-{len(list(tmp_path.iterdir()))}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(records)
        return path

    return write


@pytest.fixture
def command() -> RunCommand:
    """Run `python -m evalapp.reports` in a process of its own, with warnings as errors."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "evalapp.reports", *map(str, arguments)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def figures(command: RunCommand) -> Callable[..., Any]:
    """Run a command that must succeed silently and give the one JSON object it prints."""

    def run(*arguments: object) -> Any:
        finished = command(*arguments)
        assert (finished.returncode, finished.stderr) == (0, "")
        return json.loads(finished.stdout)

    return run

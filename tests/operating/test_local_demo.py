"""``manage.py demo --models local``: the whole journey on a real model of this machine."""

import sys
from pathlib import Path

import pytest

from raters.demonstration.choosing import LOCAL
from tests.operating.runs import Run, gone
from tests.plugins.stack import free_port


@pytest.mark.slow
def test_the_whole_demonstration_comes_up_on_the_local_model(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.operating.runs.PATIENCE_S", 600.0)
    environment = {
        "VAR_DIR": str(open_folder / "var"),
        "PORT": str(free_port()),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "manage.py", "demo", "--models", LOCAL]
    with Run(command, environment=environment) as run:
        run.until("Local model is ready")
        run.until("Captions are left out")
        run.until("“Example conversations” by smollm2-free")
        run.until("Simulated raters gave 48 judgments")
        run.until("Ctrl-C stops.")
        assert run.stop() == 0
    gone(open_folder)

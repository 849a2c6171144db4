"""What the tests of the operator's side share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A new folder with a short path that every account may enter, which pytest's own ``tmp_path`` is not."""
    folder = Path(tempfile.mkdtemp(prefix="blind-eval-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)

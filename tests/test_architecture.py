"""The shape of the code: imports run one way, files stay small, names say what they hold."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BASE_DIR = Path(__file__).resolve().parents[1]
PACKAGES = ("config", "evalapp", "raters", "operating")
MOST_LINES = 300
EMPTY_NAMES = {"utils", "helpers", "common", "misc", "part2"}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to be spoiled."""
    for package in PACKAGES:
        shutil.copytree(BASE_DIR / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(BASE_DIR / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("evalapp/kinds/qa.py", "import django", "The pure core knows no Django"),
        ("evalapp/kinds/qa.py", "import evalapp.kinds.chat", "Kinds know the words they exchange"),
        (
            "evalapp/registry/catalogue.py",
            "import raters.models",
            "The human side stands on the machine side",
        ),
        ("evalapp/generation/running.py", "import openai", "Only one file speaks to the SDK"),
        ("raters/rating/blinding.py", "import evalapp.registry.catalogue", "Nothing a rater sees"),
        ("raters/studies/pairing.py", "import raters.views.rating", "The human side's stages"),
        ("evalapp/unplaced.py", "", "The machine side's stages"),
    ],
)
def test_a_breach_of_the_import_contracts_is_noticed(copy: Path, file: str, line: str, contract: str) -> None:
    spoiled = copy / file
    spoiled.write_text((spoiled.read_text() if spoiled.exists() else "") + f"\n{line}\n")
    found = lint_imports(copy)
    assert found.returncode == 1
    broken = [each for each in found.stdout.splitlines() if " BROKEN" in each]
    assert any(each.startswith(contract) for each in broken), found.stdout


def test_the_import_contracts_hold() -> None:
    found = lint_imports(BASE_DIR)
    assert found.returncode == 0, found.stdout


def test_no_file_has_grown_past_its_page_or_noun() -> None:
    long = {
        str(path.relative_to(BASE_DIR)): lines
        for package in (*PACKAGES, "tests", "bench")
        for path in (BASE_DIR / package).rglob("*.py")
        if "migrations" not in path.parts and (lines := path.read_text().count("\n")) > MOST_LINES
    }
    assert long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = [
        str(path.relative_to(BASE_DIR))
        for package in (*PACKAGES, "tests")
        for path in (BASE_DIR / package).rglob("*")
        if path.stem in EMPTY_NAMES
    ]
    assert empty == []

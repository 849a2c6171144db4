"""The documentation says everything there is and nothing there is not."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from evalapp.kinds import KINDS
from evalapp.kinds.base import TaskKind

BASE_DIR = Path(__file__).resolve().parents[1]
PAGES = [BASE_DIR / "README.md", BASE_DIR / "CONTRIBUTING.md", *sorted((BASE_DIR / "docs").glob("*.md"))]
ALL_TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
ENVIRONMENT_READERS = re.compile(
    r"""(?:env\.(?:text|flag|whole_number|words|database_address|redis_address)\(\s*|environ(?:\.get\(|\[)\s*)"""
    r"""["']([A-Z][A-Z_]+)["']"""
)
#: Read from the environment, but set by the machine or by our own child processes, not by an operator.
NOT_SETTINGS = {"DJANGO_SETTINGS_MODULE", "STATIC_MANIFEST", "STOP_WITH_PARENT", "PATH", "TMPDIR"}


def our_commands() -> list[str]:
    return sorted(name for name, app in get_commands().items() if app in {"evalapp", "raters"})


@pytest.mark.parametrize("command", our_commands())
def test_every_command_is_described(command: str) -> None:
    assert re.search(rf"\b{command}\b", ALL_TEXT), f"no page mentions manage.py {command}"


def test_every_variable_that_settings_read_is_described() -> None:
    read = {
        name
        for folder in ("config", "operating")
        for path in (BASE_DIR / folder).rglob("*.py")
        for name in ENVIRONMENT_READERS.findall(path.read_text(encoding="utf-8"))
    }
    assert "DATABASE_URL" in read
    operating = (BASE_DIR / "docs" / "operating.md").read_text(encoding="utf-8")
    assert sorted(name for name in read - NOT_SETTINGS if f"`{name}`" not in operating) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_task_kind_and_each_of_its_fields_is_described(kind: TaskKind) -> None:
    page = (BASE_DIR / "docs" / "task-files.md").read_text(encoding="utf-8")
    section = page.split(f"`{kind.name}`", 1)
    assert len(section) == 2, f"docs/task-files.md has nothing on {kind.name}"
    assert [field.name for field in kind.fields if f"`{field.name}`" not in section[1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("path", sorted((BASE_DIR / "examples").glob("*.*")), ids=lambda path: path.name)
def test_every_example_is_described(path: Path) -> None:
    if path.name != "README.md":
        assert path.name in (BASE_DIR / "examples" / "README.md").read_text(encoding="utf-8")

"""``docs/operating.md`` and ``README.md`` name what there is, and nothing else."""

import re
from pathlib import Path

from tests.operating.runs import BASE_DIR

# Read by the web server's place, the Makefile and the data folder before there are settings.
READ_BY_OPERATING = {"HOST", "PORT", "VAR_DIR", "DATABASE_URL", "REDIS_URL", "STOP_WITH_PARENT"}


def page(name: str) -> str:
    return (BASE_DIR / name).read_text(encoding="utf-8")


def variables_read_by_settings() -> set[str]:
    return set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', page("config/settings.py")))


def test_every_setting_is_in_the_table_and_every_row_is_a_setting() -> None:
    section = page("docs/operating.md").partition("## Settings")[2].partition("## When")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)}
    assert named == variables_read_by_settings() | READ_BY_OPERATING


def test_operating_reads_no_other_variable() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (BASE_DIR / "operating").glob("*.py"))
    assert set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', code)) == READ_BY_OPERATING


def test_every_make_target_named_in_the_pages_exists() -> None:
    named = set(re.findall(r"make ([a-z]+)", page("README.md") + page("docs/operating.md")))
    assert named >= {"demo", "up", "test", "check"}
    assert named <= set(re.findall(r"^([a-z]+):", page("Makefile"), flags=re.MULTILINE))


def test_every_file_the_pages_point_to_exists() -> None:
    for name in ("README.md", "docs/operating.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page(name)):
            assert ((BASE_DIR / name).parent / Path(target)).exists(), f"{name} points to {target}"

"""The page on generating outputs names every option there is, and none that there is not."""

import re
from argparse import ArgumentParser
from pathlib import Path

import pytest
from django.core.management import load_command_class

from evalapp.generation.comparing import FILTERS
from evalapp.generation.logs import log_lines
from tests.studies.casting import make_task_set
from tests.views.machine import make_asked_run, make_system

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "generating.md").read_text(encoding="utf-8")
COMMANDS = {"generate": "evalapp", "replay": "evalapp", "export_log": "evalapp", "distill": "raters"}
#: Named in the text of other pages, or by Django for every command.
COMMON = {"--help", "--json", "--output", "--version", "--verbosity", "--settings", "--pythonpath"}
COMMON |= {"--traceback", "--no-color", "--force-color", "--skip-checks"}


def options_of(command: str) -> set[str]:
    parser: ArgumentParser = load_command_class(COMMANDS[command], command).create_parser(
        "manage.py", command
    )
    return {name for name in parser._option_string_actions if name.startswith("--")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_described(command: str) -> None:
    assert sorted(name for name in options_of(command) - COMMON if name not in PAGE) == []


def test_every_option_on_the_page_is_one() -> None:
    known = set().union(*map(options_of, COMMANDS))
    assert sorted(set(re.findall(r"--[a-z][a-z-]+", PAGE)) - known) == []


@pytest.mark.django_db
def test_a_log_has_the_lines_that_the_page_tells_of() -> None:
    run = make_asked_run(make_task_set(samples=1), make_system())
    types = [re.findall(r'"type": "(\w+)"', line)[0] for line in log_lines(run)]
    assert types == ["run", "call"]
    assert [f'`"type": "{name}"`' in PAGE for name in types] == [True, True]


def test_every_way_to_narrow_samples_down_is_on_the_page() -> None:
    words = ("all samples", "outputs differ", "missing, refused or failed", "second model served")
    assert len(words) == len(FILTERS)
    assert [word in re.sub(r"\s+", " ", PAGE) for word in words] == [True] * len(words)

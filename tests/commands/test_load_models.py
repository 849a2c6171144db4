"""``manage.py load_models``: what it prints and how it ends."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from evalapp.models import Endpoint
from tests.registry.test_models_file import ENDPOINT, MODEL, SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def models_file(tmp_path: Path) -> Path:
    """One of everything."""
    path = tmp_path / "models.toml"
    path.write_text(ENDPOINT + MODEL + SYSTEM, encoding="utf-8")
    return path


def loaded(path: Path, *options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("load_models", str(path), *options, stdout=out)
    return out.getvalue()


def test_it_says_what_it_did_and_the_second_time_that_nothing_was_left_to_do(models_file: Path) -> None:
    assert loaded(models_file).splitlines() == [
        "Added endpoint e.",
        "Added model e/m.",
        "Added price of m from 2026-01-01.",
        "Added system s.",
    ]
    assert loaded(models_file) == "Nothing to do: everything in the file stands already.\n"


def test_with_json_it_prints_one_object(models_file: Path) -> None:
    names = ["endpoint e", "model e/m", "price of m from 2026-01-01", "system s"]
    assert json.loads(loaded(models_file, "--json")) == {
        "loaded": True,
        "added": names,
        "changed": [],
        "unchanged": [],
    }


def test_every_problem_is_listed_and_nothing_is_loaded(models_file: Path) -> None:
    models_file.write_text(ENDPOINT + "concurrency = 0\nfoo = 1\n", encoding="utf-8")
    errors = StringIO()
    with pytest.raises(CommandError, match=r"^Nothing was loaded: 2 problems in models\.toml\.$") as caught:
        call_command("load_models", str(models_file), stderr=errors)
    assert caught.value.returncode == 1
    assert [line.split(": ")[0] for line in errors.getvalue().splitlines()] == [
        "field concurrency",
        "field foo",
    ]
    assert Endpoint.objects.count() == 0


def test_with_json_the_problems_are_objects(models_file: Path) -> None:
    models_file.write_text("[[endpoint]\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("load_models", str(models_file), "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert (said["loaded"], [each["line"] for each in said["problems"]]) == (False, [1])


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_ends_with_status_two(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "models.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        loaded(path)
    assert caught.value.returncode == 2

"""The page on the models file names every field, and its example loads."""

import dataclasses
import re
from pathlib import Path

import pytest

from evalapp.providers.fallback import Rule
from evalapp.registry.models_file import (
    PROVIDERS,
    EndpointEntry,
    ModelEntry,
    PriceEntry,
    SystemEntry,
    read_models_file,
)
from evalapp.registry.toml_tables import SIMULATION_OPTIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "models-file.md").read_text(encoding="utf-8")
RENAMED = {"prices": "[[model.price]]", "fallback_model": "fallback", "fallback_rule": "fallback"}


def section(title: str) -> str:
    """What stands under a heading."""
    return PAGE.split(f"\n## `{title}`")[1].split("\n## ")[0]


def test_the_example_loads() -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (fallback,) = re.findall(r"^```toml fallback\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert [each.name for each in read_models_file(text).systems] == ["mini, brief"]
    model = text[text.index("[[model]]") : text.index("[[system]]")]
    larger = model.replace("gpt-4o-mini", "gpt-4o")
    (system,) = read_models_file(text[: text.index("[[system]]")] + larger + fallback).systems
    assert system.fallback_rule == {"refusal": True, "empty": True, "truncation": True}


@pytest.mark.parametrize(
    ("title", "entry"),
    [
        ("[[endpoint]]", EndpointEntry),
        ("[[model]]", ModelEntry),
        ("[[model.price]]", PriceEntry),
        ("[[system]]", SystemEntry),
    ],
)
def test_every_field_stands_in_the_table_of_its_kind(title: str, entry: type) -> None:
    cells = re.findall(r"^\| (`[^|]*`) \|", section(title), re.MULTILINE)
    documented = {name for cell in cells for name in re.findall(r"`([^`]*)`", cell)}
    assert documented == {RENAMED.get(field.name, field.name) for field in dataclasses.fields(entry)}


def test_providers_rules_and_options_are_all_named() -> None:
    rules = [field.name for field in dataclasses.fields(Rule)]
    assert [
        name for name in (*PROVIDERS, *SIMULATION_OPTIONS) if f"`{name}`" not in section("[[endpoint]]")
    ] == []
    assert [name for name in rules if f"`{name}`" not in section("[[system]]")] == []

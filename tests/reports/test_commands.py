"""The commands, run as anyone would: one JSON object, or one clear message."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from evalapp.reports.prices import read_price_list
from tests.reports.conftest import ROOT, RunCommand, WriteCsv

ESTIMATE = {"value", "low", "high", "level", "method"}
CALL = ("system", "latency_ms", "input_tokens", "output_tokens")
PRICES = """
[[model]]
endpoint = "openai"
name = "gpt-4o-mini"
[[model.price]]
valid_from = 2026-01-01
input_usd_per_mtok = "0.15"
output_usd_per_mtok = 0.60
[[model.price]]
valid_from = 2999-01-01
input_usd_per_mtok = "9"
output_usd_per_mtok = "9"

[[system]]
name = "mini"
model = "gpt-4o-mini"
"""


def test_agreement_prints_the_keys_that_stay(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    rows = [(unit, rater, (unit + rater) % 3 % 2) for unit in range(12) for rater in range(3)]
    found = figures("agreement", write_csv(("unit", "rater", "value"), rows))
    assert {"units", "raters", "labels", "ratings", "cohen_kappa"} <= set(found)
    for name in ("percent_agreement", "krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert set(found[name]) >= ESTIMATE
    assert "units_left_out" in found["fleiss_kappa"]
    assert {"raters", "shared_units"} | ESTIMATE <= set(found["cohen_kappa"][0])


def test_agreement_takes_other_column_names_and_repeats_with_a_seed(
    write_csv: WriteCsv, figures: Callable[..., Any]
) -> None:
    rows = [(f"i{item}", who, item % 2, "x") for item in range(20) for who in "pq" if (item + ord(who)) % 7]
    path = write_csv(("item", "who", "mark", "note"), rows)
    options = ("--unit", "item", "--rater", "who", "--value", "mark", "--level", "interval")
    one, same, other = (figures("agreement", path, *options, "--seed", seed) for seed in (1, 1, 2))
    assert one == same
    assert one["units"] == other["units"] == 20


def test_preference_prints_the_keys_that_stay(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    rows = [
        (sample, rater, *(("mini", "large") if rater % 2 else ("large", "mini")), choice)
        for sample in range(10)
        for rater, choice in enumerate(("left", "right", "tie" if sample % 2 else "both_bad"))
    ]
    found = figures("preference", write_csv(("sample", "rater", "left", "right", "choice"), rows))
    assert found["systems"] == ["large", "mini"]
    assert found["samples"] == 10
    assert found["counts"]["mini"] == {"wins": 0, "losses": 20, "ties": 5, "both_bad": 5}
    assert set(found["majority"]) == {"large", "mini", "tie", "both_bad", "no_majority"}
    assert set(found["win_rate"]["mini"]) >= ESTIMATE
    assert set(found["bradley_terry"]["mini"]) == {"ability", "elo"}
    assert {"p_value", "wins", "losses"} <= set(found["sign_test"])
    assert set(found["position_bias"]["left_share"]) >= ESTIMATE


def test_preference_reports_each_criterion(write_csv: WriteCsv, figures: Callable[..., Any]) -> None:
    rows = [
        (sample, "r", "x", "y", "left" if criterion == "facts" else "right", criterion)
        for sample in range(4)
        for criterion in ("facts", "style")
    ]
    path = write_csv(("sample", "rater", "left", "right", "choice", "criterion"), rows)
    found = figures("preference", path)
    assert found["criterion"] == "facts"
    assert {name: part["win_rate"]["x"]["value"] for name, part in found["criteria"].items()} == {
        "facts": 1.0,
        "style": 0.0,
    }


def test_usage_prints_the_keys_that_stay(
    write_csv: WriteCsv, figures: Callable[..., Any], tmp_path: Path
) -> None:
    prices = tmp_path / "models.toml"
    prices.write_text(PRICES, encoding="utf-8")
    rows = [("mini", 100 + place, 500, 1000, "qa" if place % 2 else "code") for place in range(100)]
    found = figures("usage", write_csv((*CALL, "task_kind"), rows), "--prices", prices)["mini"]
    assert (
        found["latency_ms"].items()
        >= {
            "n": 100,
            "median": 149.5,
            "mean": 149.5,
            "p95": 194.05,
            "p95_low": 189.0,
            "p95_high": 198.0,
            "min": 100.0,
            "max": 199.0,
        }.items()
    )
    assert found["latency_ms"]["sd"] == pytest.approx(29.011491975882016)
    assert (found["input_tokens"], found["output_tokens"]) == (50_000, 100_000)
    assert found["cost_usd"] == {"total": "0.0675", "per_call": "0.000675"}
    assert {kind: part["calls"] for kind, part in found["by_task_kind"].items()} == {"code": 50, "qa": 50}


def test_usage_without_prices_has_no_cost_and_says_so(
    write_csv: WriteCsv, figures: Callable[..., Any]
) -> None:
    found = figures("usage", write_csv(CALL, [("mini", "", 1, 2), ("mini", 5, "", "")]))["mini"]
    assert found["cost_usd"] == {"total": None, "per_call": None, "reason": "no price was known"}
    assert (found["latency_ms"]["n"], found["input_tokens"]) == (1, 1)


@pytest.mark.parametrize(
    ("subcommand", "columns", "rows", "options", "message"),
    [
        ("agreement", ("unit", "rater"), [("u", "r")], (), "line 1: has no column value; it has unit, rater"),
        (
            "agreement",
            ("unit", "rater", "value"),
            [("u", "r", 1), ("u", "s", 1), ("u", "r", 2)],
            (),
            "line 4, column rater: r rated u before",
        ),
        ("agreement", ("unit", "rater", "value"), [("u", "", 1)], (), "line 2, column rater: is empty"),
        (
            "agreement",
            ("unit", "rater", "value"),
            [("u", "r", 1), ("u", "s", "good")],
            ("--level", "ordinal"),
            "line 3, column value: 'good' is not a number, which the level ordinal needs",
        ),
        (
            "preference",
            ("left", "right", "choice"),
            [("x", "y", "up")],
            (),
            "line 2, column choice: 'up' is not one of left, right, tie, both_bad",
        ),
        (
            "preference",
            ("left", "right", "choice"),
            [("x", "y", "left"), ("x", "x", "left")],
            (),
            "line 3, column right: 'x' stands on both sides",
        ),
        ("usage", CALL, [("m", "fast", 1, 2)], (), "line 2, column latency_ms: 'fast' is not a number"),
        ("usage", CALL, [("m", -1, 1, 2)], (), "line 2, column latency_ms: '-1' is not possible here"),
        ("usage", CALL, [("m", 1, 1.5, 2)], (), "line 2, column input_tokens: '1.5' is not possible here"),
    ],
)
def test_a_bad_file_gives_one_clear_message(
    *,
    subcommand: str,
    columns: tuple[str, ...],
    rows: list[tuple[object, ...]],
    options: tuple[str, ...],
    message: str,
    write_csv: WriteCsv,
    command: RunCommand,
) -> None:
    path = write_csv(columns, rows)
    finished = command(subcommand, path, *options)
    assert (finished.returncode, finished.stdout) == (1, "")
    assert finished.stderr == f"{path.name}, {message}\n"


def test_a_model_without_a_price_is_refused_not_free(
    write_csv: WriteCsv, command: RunCommand, tmp_path: Path
) -> None:
    prices = tmp_path / "models.toml"
    prices.write_text(PRICES, encoding="utf-8")
    finished = command("usage", write_csv(CALL, [("other", 1, 1, 1)]), "--prices", prices)
    assert finished.returncode == 1
    assert "line 2, column system: 'other' has no price in models.toml" in finished.stderr


@pytest.mark.parametrize(
    "text",
    ["[[model", '[[model]]\nname="m"\n[[model.price]]\ninput_usd_per_mtok="x"\noutput_usd_per_mtok=1\n'],
)
def test_a_bad_price_file_is_refused(
    text: str, write_csv: WriteCsv, command: RunCommand, tmp_path: Path
) -> None:
    prices = tmp_path / "models.toml"
    prices.write_text(text, encoding="utf-8")
    finished = command("usage", write_csv(CALL, [("m", 1, 1, 1)]), "--prices", prices)
    assert finished.returncode == 1
    assert finished.stderr.startswith("models.toml: ")
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("agreement",), ("agreement", "x.csv", "--level", "odd"), ("bundle", "b.zip"), ("nothing",)],
)
def test_a_wrong_command_is_told_from_a_wrong_file(arguments: tuple[str, ...], command: RunCommand) -> None:
    finished = command(*arguments)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert finished.stderr.startswith("usage: ")


def test_models_of_one_name_at_two_prices_are_told_apart_by_their_endpoint(tmp_path: Path) -> None:
    other = PRICES.replace('"openai"', '"elsewhere"').replace('"0.15"', '"0.10"').split("[[system]]")[0]
    path = tmp_path / "models.toml"
    path.write_text(PRICES + other, encoding="utf-8")
    prices = read_price_list(path, today=date(2026, 6, 1)).prices
    assert {name: str(price.input_usd_per_mtok) for name, price in prices.items()} == {
        "openai/gpt-4o-mini": "0.15",
        "elsewhere/gpt-4o-mini": "0.10",
    }


def test_a_file_that_is_not_there_is_said_so(command: RunCommand, tmp_path: Path) -> None:
    finished = command("agreement", tmp_path / "none.csv")
    assert (finished.returncode, finished.stderr) == (
        1,
        "none.csv: cannot be read: No such file or directory\n",
    )


@pytest.mark.parametrize("subcommand", ["agreement", "preference", "usage"])
def test_a_file_with_a_header_only_gives_figures_without_values(
    subcommand: str, write_csv: WriteCsv, figures: Callable[..., Any]
) -> None:
    columns = {
        "agreement": ("unit", "rater", "value"),
        "preference": ("left", "right", "choice"),
        "usage": CALL,
    }
    found = figures(subcommand, write_csv(columns[subcommand], []))
    assert found.get("samples", found.get("units", 0)) == 0


def test_help_needs_no_heavy_module(command: RunCommand) -> None:
    import subprocess

    code = (
        "import sys; from evalapp.reports.__main__ import parser; parser().format_help(); "
        "print([name for name in ('numpy', 'pandas', 'django', 'altair') if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout == "[]\n"
    assert command("--help").returncode == 0


def test_no_figure_needs_django() -> None:
    import subprocess

    code = (
        "import sys; import evalapp.reports.bundle, evalapp.reports.commands, evalapp.reports.verification; "
        "print([name for name in ('django', 'celery', 'psycopg') if name in sys.modules])"
    )
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout == "[]\n"

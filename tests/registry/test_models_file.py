"""A models file is read whole, or every problem is named with its table and field."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalapp.problems import FileRefused
from evalapp.registry.models_file import (
    EndpointEntry,
    ModelEntry,
    ModelsFile,
    PriceEntry,
    SystemEntry,
    read_models_file,
)

ENDPOINT = '[[endpoint]]\nname = "e"\nprovider = "simulated"\n'
PRICE = """[[model.price]]
input_usd_per_mtok = "0.15"
output_usd_per_mtok = 0.6
valid_from = 2026-01-01
source_url = "https://example.com/prices"
checked_on = "2026-02-01"
"""
MODEL = f'[[model]]\nendpoint = "e"\nname = "m"\n{PRICE}'
SYSTEM = '[[system]]\nname = "s"\nmodel = "m"\n'
FALLBACK = ENDPOINT + MODEL + SYSTEM + 'fallback = { model = "m", rule = '


def problems(text: str, base_dir: Path | None = None) -> list[str]:
    """What is wrong with a file, as people read it."""
    with pytest.raises(FileRefused) as caught:
        read_models_file(text, base_dir=base_dir)
    return [str(problem) for problem in caught.value.problems]


def test_everything_that_can_be_said_is_read() -> None:
    text = f"""
[[endpoint]]
name = "e"
provider = "openai_compatible"
base_url = "https://models.example.com/v1/"
api_key_env = "EXAMPLE_API_KEY"
timeout_s = 30
concurrency = 8
requests_per_minute = 500
tokens_per_minute = 200_000

[[model]]
endpoint = "e"
name = "m"
context_tokens = 16000
{PRICE}cached_input_usd_per_mtok = 0.075

[[model]]
endpoint = "e"
name = "org/large"
{PRICE}
[[system]]
name = "s"
model = "m"
system_prompt = "Be brief."
temperature = 0.5
top_p = 1
max_tokens = 100
seed = -7
stop = ["END"]
fallback = {{ model = "e/org/large", rule = {{ refusal = true, min_mean_logprob = -1.5 }} }}
"""
    amounts = {"input_usd_per_mtok": Decimal("0.15"), "output_usd_per_mtok": Decimal("0.6")}
    price = PriceEntry(
        **amounts,
        valid_from=date(2026, 1, 1),
        source_url="https://example.com/prices",
        checked_on=date(2026, 2, 1),
        cached_input_usd_per_mtok=Decimal("0.075"),
    )
    assert read_models_file(text) == ModelsFile(
        endpoints=(
            EndpointEntry(
                name="e",
                provider="openai_compatible",
                base_url="https://models.example.com/v1",
                api_key_env="EXAMPLE_API_KEY",
                timeout_s=30.0,
                concurrency=8,
                requests_per_minute=500,
                tokens_per_minute=200_000,
            ),
        ),
        models=(
            ModelEntry("e", "m", 16000, (price,)),
            ModelEntry("e", "org/large", None, (PriceEntry(**amounts, valid_from=price.valid_from,
                source_url=price.source_url, checked_on=price.checked_on),)),
        ),
        systems=(
            SystemEntry(
                name="s",
                model=("e", "m"),
                system_prompt="Be brief.",
                temperature=0.5,
                top_p=1.0,
                max_tokens=100,
                seed=-7,
                stop=("END",),
                fallback_model=("e", "org/large"),
                fallback_rule={"refusal": True, "min_mean_logprob": -1.5},
            ),
        ),
    )  # fmt: skip


def test_a_recording_is_read_from_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("{}\n", encoding="utf-8")
    text = '[[endpoint]]\nname = "e"\nprovider = "recorded"\nrecording = "r.jsonl"\n'
    assert read_models_file(text, base_dir=tmp_path).endpoints[0].recording == "{}\n"
    assert problems(text) == [
        "field recording: endpoint e: a recording is a file beside the models file: load it with load_models"
    ]
    assert problems(text.replace("r.jsonl", "none.jsonl"), tmp_path) == [
        "field recording: endpoint e: none.jsonl cannot be read (FileNotFoundError); check the path"
    ]


def test_all_problems_of_a_file_are_named_at_once() -> None:
    text = """
[[endpoint]]
name = "e"
provider = "openai"
[[model]]
endpoint = "f"
name = "m"
[[system]]
name = "s"
model = "none"
temprature = 1
[[systems]]
name = "t"
"""
    found = problems(text)
    assert [problem.split(": ")[:2] for problem in found] == [
        ["field provider", "endpoint e"],
        ["field price", "model m"],
        ["field model", "system s"],
        ["field temprature", "system s"],
        ["field systems", "the file"],
        ["field endpoint", "model m"],
    ]
    assert "did you mean temperature?" in found[3]
    assert "did you mean system?" in found[4]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        (ENDPOINT.replace('"e"', '""'), "name", "is missing"),
        (ENDPOINT.replace('"e"', '"a\\nb"'), "name", "one line of printable"),
        (ENDPOINT.replace('"e"', f'"{"e" * 101}"'), "name", "101 characters; at most 100"),
        (ENDPOINT.replace('"e"', '"a\\u0000"'), "name", "NUL"),
        (ENDPOINT.replace('"e"', "7"), "name", "text in quotes"),
        (ENDPOINT + 'base_url = "https://x.example"', "base_url", "has no address"),
        (ENDPOINT + 'recording = "x"', "recording", "only a recorded endpoint"),
        (ENDPOINT + "timeout_s = 0", "timeout_s", "a number from 0.1 to 3600"),
        (ENDPOINT + "timeout_s = nan", "timeout_s", "a number from 0.1 to 3600"),
        (ENDPOINT + "timeout_s = -inf", "timeout_s", "a number from 0.1 to 3600"),
        (ENDPOINT + "timeout_s = true", "timeout_s", "a number from 0.1 to 3600"),
        (ENDPOINT + "concurrency = 0", "concurrency", "a whole number from 1 to 512"),
        (ENDPOINT + "concurrency = 1.5", "concurrency", "a whole number from 1 to 512"),
        (ENDPOINT + 'api_key_env = "sk-123"', "api_key_env", "never the key"),
        (ENDPOINT + 'api_key_env = "SECRET_KEY"', "api_key_env", "ends in API_KEY"),
        (ENDPOINT + 'api_key_env = "DATABASE_URL"', "api_key_env", "ends in API_KEY"),
        (ENDPOINT + "[endpoint.options]\nmood = 1", "mood", "not known"),
        (ENDPOINT + ENDPOINT, "name", "endpoint e is described twice"),
        ('[[endpoint]]\nname = "e"\nprovider = "openai_compatible"', "base_url", "an address is needed"),
        (
            '[[endpoint]]\nname = "e"\nprovider = "openai_compatible"\nbase_url = "http://169.254.169.254"',
            "base_url",
            "is never asked",
        ),
        ('endpoint = "e"', "endpoint", "write each one as [[endpoint]]"),
        (ENDPOINT + MODEL + MODEL, "name", "model e/m is described twice"),
        (ENDPOINT + MODEL + PRICE, "price", "two prices begin on 2026-01-01"),
        (ENDPOINT + MODEL.replace('"0.15"', '"-1"'), "input_usd_per_mtok", "at least 0"),
        (ENDPOINT + MODEL.replace('"0.15"', '"NaN"'), "input_usd_per_mtok", "at least 0"),
        (ENDPOINT + MODEL.replace('"0.15"', "inf"), "input_usd_per_mtok", "at least 0"),
        (ENDPOINT + MODEL.replace('"0.15"', "true"), "input_usd_per_mtok", "at least 0"),
        (ENDPOINT + MODEL.replace('"0.15"', '"0.1234567"'), "input_usd_per_mtok", "six decimals"),
        (ENDPOINT + MODEL.replace("2026-01-01", "2026-01-01T00:00:00"), "valid_from", "a day such as"),
        (ENDPOINT + MODEL.replace("https://", "javascript:"), "source_url", "address of a page"),
        (ENDPOINT + MODEL + SYSTEM + SYSTEM, "name", "system s is described twice"),
        (ENDPOINT + MODEL + SYSTEM + "temperature = 2.1", "temperature", "from 0 to 2"),
        (ENDPOINT + MODEL + SYSTEM + "seed = 9223372036854775808", "seed", "whole number"),
        (ENDPOINT + MODEL + SYSTEM + 'stop = ["a\\u0000"]', "stop", "NUL"),
        (ENDPOINT + MODEL + SYSTEM + 'stop = ["1", "2", "3", "4", "5"]', "stop", "at most 4 texts"),
        (ENDPOINT + MODEL + SYSTEM + 'fallback = { model = "m" }', "rule", "say when"),
        (FALLBACK + "{ mood = 1 } }", "rule", "knows nothing"),
        (FALLBACK + '{ pattern = "(" } }', "rule", "regular"),
        (FALLBACK + "{ min_mean_logprob = nan } }", "rule", "not finite"),
        (ENDPOINT + MODEL + SYSTEM + "fallback = { rule = { empty = true } }", "model", "is missing"),
        (
            ENDPOINT + ENDPOINT.replace('"e"', '"f"') + MODEL + MODEL.replace('"e"', '"f"') + SYSTEM,
            "model",
            "write endpoint/name",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_field(text: str, field: str, words: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith(f"field {field}: ")
    assert words in problem


def test_what_is_no_toml_is_named_with_its_line() -> None:
    (problem,) = problems('[[endpoint]]\nname = "e\nprovider = 1')
    assert problem.startswith("line 2, column 10: this is not TOML: ")
    assert problems('name = "') == ["this is not TOML: Unterminated string (at end of document)"]
    assert problems("a = " + "[" * 100_000) == ["the file is nested too deeply; see the example"]


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read_models_file(text)
    except FileRefused as refused:
        assert len(refused.problems) > 0  # noqa: PT017 - either outcome is right, silence is not
    else:
        assert found == ModelsFile((), (), ())

"""MODELS=local: what the demonstration runs on then."""

import tomllib
from pathlib import Path

from operating import local_model
from raters.demonstration.choosing import LOCAL, choose
from raters.demonstration.loading import LOCAL_LIMITS, TASK_SETS

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_local_is_a_real_model_that_costs_nothing_whether_or_not_there_is_a_key() -> None:
    for environment in ({}, {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "https://example.org/v1"}):
        chosen = choose(LOCAL, environment, EXAMPLES)
        assert (chosen.local, chosen.simulated, chosen.costs_money) == (True, False, False)
        assert chosen.systems == chosen.judged == ("smollm2-brief", "smollm2-free")
        [endpoint] = tomllib.loads(chosen.text)["endpoint"]
        assert endpoint["base_url"] == f"http://{local_model.HOST}:{local_model.PORT}/v1"


def test_the_models_file_names_the_model_as_it_is_served() -> None:
    [model] = tomllib.loads(choose(LOCAL, {}, EXAMPLES).text)["model"]
    assert (model["name"], model["context_tokens"]) == (local_model.NAME, local_model.CONTEXT_TOKENS)


def test_another_address_can_be_given() -> None:
    chosen = choose(LOCAL, {}, EXAMPLES, local_address="http://127.0.0.1:9/v1")
    assert tomllib.loads(chosen.text)["endpoint"][0]["base_url"] == "http://127.0.0.1:9/v1"


def test_other_choices_are_not_local() -> None:
    assert not choose("", {}, EXAMPLES).local
    assert choose("", {"OPENAI_API_KEY": "k"}, EXAMPLES).costs_money


def test_it_is_given_example_task_sets_that_exist() -> None:
    assert set(LOCAL_LIMITS) < set(TASK_SETS)

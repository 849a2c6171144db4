"""Token counts against published ones, for every name a model may have, in linear time."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from evalapp.providers.messages import estimate_tokens
from evalapp.registry import tokenizing
from evalapp.registry.tokenizing import count_tokens, counter_for

# Printed in OpenAI's cookbook, "How to count tokens with tiktoken".
PUBLISHED = {
    "antidisestablishmentarianism": {"cl100k_base": 6, "o200k_base": 6},
    "2 + 2 = 4": {"cl100k_base": 7, "o200k_base": 7},
    "お誕生日おめでとう": {"cl100k_base": 9, "o200k_base": 8},
    "tiktoken is great!": {"cl100k_base": 6, "o200k_base": 6},
}
JAPANESE = "お誕生日おめでとう"


def test_published_examples_have_their_published_counts() -> None:
    for text, published in PUBLISHED.items():
        assert {
            "cl100k_base": count_tokens(text, vocabulary="cl100k_base"),
            "o200k_base": count_tokens(text, vocabulary="o200k_base"),
        } == published


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        *((name, 8) for name in ("gpt-4o", "gpt-4o-mini", "GPT-4.1", "gpt-5-nano", "o3-mini", "o1")),
        *(
            (name, 8)
            for name in (
                "openai/gpt-4o-2024-08-06",
                "ft:gpt-4o-mini:acme::1",
                "chatgpt-4o-latest",
                "gpt-oss-20b",
            )
        ),
        *((name, 9) for name in ("gpt-4", "gpt-4-turbo", "gpt-4-0613", "gpt-3.5-turbo", "gpt-35-turbo")),
        *((name, 10) for name in ("smollm2-135m-instruct", "gpt-j-6b", "llama-3.1-8b", "o-model", "")),
    ],
)
def test_the_vocabulary_follows_the_models_name_and_strangers_get_a_margin(model: str, tokens: int) -> None:
    assert counter_for(model)(JAPANESE) == tokens


def test_names_of_special_tokens_are_ordinary_text() -> None:
    assert count_tokens("<|endoftext|>") > 1


def test_half_a_surrogate_pair_is_counted_like_any_broken_character() -> None:
    assert count_tokens("a\ud800b") == count_tokens("a?b")


def test_texts_of_millions_of_characters_are_counted_whole() -> None:
    assert count_tokens("word " * 600_000) == 600_001


def test_without_the_package_tokens_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizing, "_vocabulary", {"o200k_base": None}.get)
    assert count_tokens("twelve bytes") == estimate_tokens("twelve bytes") == 3
    assert counter_for("other")("twelve bytes") == 4


COMPARED = """
import json, sys
import {first}
from evalapp.registry.tokenizing import count_tokens
import bpe_openai
texts = json.load(sys.stdin)
for name in ("o200k_base", "cl100k_base"):
    whole = bpe_openai.get_encoding(name)
    for text in texts:
        assert count_tokens(text, vocabulary=name) == len(whole.encode_ordinary(text)), text
"""


@pytest.mark.parametrize("first", ["evalapp.registry.tokenizing", "bpe_openai"])
def test_counts_are_those_of_the_packages_own_front_whichever_is_loaded_first(first: str) -> None:
    texts = [
        *PUBLISHED,
        "",
        " \n\n ",
        "x = {'a': [1, 2]}\n",
        "<|endoftext|>",
        "Zoë’s 1,204 naïve 🗼s",
        "a" * 5000,
    ]
    subprocess.run(
        [sys.executable, "-c", COMPARED.format(first=first)],
        input=json.dumps(texts), text=True, check=True, timeout=60,
    )  # fmt: skip

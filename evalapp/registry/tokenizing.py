"""How many tokens a text has for a model, counted with the vocabularies that OpenAI publishes for its models.

The vocabularies come inside the package bpe-openai (the Rust tokenizer of GitHub's rust-gems); nothing is
fetched. Counting takes time in proportion to the text, whatever the text is.
"""

import importlib.machinery
import importlib.util
import math
import re
import sys
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Literal, Protocol, cast

from evalapp.providers.messages import estimate_tokens

VocabularyName = Literal["o200k_base", "cl100k_base"]

#: Other makers' tokenizers are not known here. Smaller vocabularies make more tokens of a text: SmolLM2's,
#: with a quarter of the entries, makes 1.06 to 1.15 times as many of English prose, tables and program code.
MARGIN = 1.25

OPENAI = re.compile(r"(chat)?gpt-\d|gpt-oss|chatgpt-|o\d(-|$)")
OLDER = re.compile(r"gpt-(3\.5|35|4)(-|$)")
# Where a package for this machine is missing, an estimate by bytes has to do.
EXTENSION = "bpe_openai._bindings"


# How OpenAI reckons a picture: a base, and so much for every tile of it after it was made to fit.
PICTURE_BASE, PICTURE_TILE = 85, 170
TILE_SIDE, SHORT_SIDE, LONG_SIDE = 512, 768, 2048


class Vocabulary(Protocol):
    """What is used of a tokenizer."""

    def count(self, text: str) -> int: ...


def counter_for(model: str) -> Callable[[str], int]:
    """The counting function for a model by its name: exact for OpenAI's, an upper estimate for others'.

    Names may carry a maker in front ("openai/gpt-4o") or a tuning around ("ft:gpt-4o-mini:us::1"). The
    vocabulary is read at the first count. What an endpoint adds for roles and separators is not counted.
    """
    name = model.lower().removeprefix("ft:").rpartition("/")[2]
    vocabulary: VocabularyName = "cl100k_base" if OLDER.match(name) else "o200k_base"
    if OPENAI.match(name):
        return partial(count_tokens, vocabulary=vocabulary)
    return partial(count_with_margin, vocabulary=vocabulary)


def count_tokens(text: str, *, vocabulary: VocabularyName = "o200k_base") -> int:
    """The tokens of a text, names of special tokens taken as ordinary text, as an endpoint takes them."""
    known = _vocabulary(vocabulary)
    if known is None:
        return estimate_tokens(text)
    try:
        return known.count(text)
    except UnicodeEncodeError:
        # Half of a surrogate pair, which no request could carry either.
        return known.count(text.encode("utf-8", "replace").decode("utf-8"))


def count_with_margin(text: str, *, vocabulary: VocabularyName = "o200k_base") -> int:
    """About the most tokens that another tokenizer makes of the text."""
    return math.ceil(count_tokens(text, vocabulary=vocabulary) * MARGIN)


def picture_tokens(width: int, height: int, *, detail: Literal["auto", "low", "high"] = "auto") -> int:
    """About how many input tokens a picture of so many pixels has, by the rule of OpenAI's GPT-4o.

    Smaller models are billed more tokens for a picture, so that it costs about the same.
    """
    if detail == "low":
        return PICTURE_BASE
    shrink = min(1.0, LONG_SIDE / max(width, height))
    shrink *= min(1.0, SHORT_SIDE / (min(width, height) * shrink))
    tiles = math.ceil(width * shrink / TILE_SIDE) * math.ceil(height * shrink / TILE_SIDE)
    return PICTURE_BASE + PICTURE_TILE * tiles


@lru_cache
def _vocabulary(name: VocabularyName) -> Vocabulary | None:
    bindings = _bindings()
    return cast("Vocabulary", bindings.tokenizer_for_encoding(name)) if bindings is not None else None


def _bindings() -> Any:
    """The package's compiled part; None where the package is not installed.

    It is loaded without the Python around it, which would read every vocabulary a second time (a second and
    70 MB in each process) and refuses long texts that the compiled part counts.
    """
    if EXTENSION in sys.modules:
        return sys.modules[EXTENSION]
    package = importlib.util.find_spec("bpe_openai")
    if package is None or not package.submodule_search_locations:
        return None
    loader = (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES)
    finder = importlib.machinery.FileFinder(package.submodule_search_locations[0], loader)
    spec = finder.find_spec("_bindings")
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    # Its name begins with the package's own for whoever imports that as well: it can be loaded only once.
    sys.modules[EXTENSION] = module
    spec.loader.exec_module(module)
    return module

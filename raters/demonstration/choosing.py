"""Which models the demonstration runs on: simulated ones, one on this machine, or real ones by their key."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

SIMULATED_FILE = "models.toml"
OPENAI_FILE = "models-openai.toml"
LOCAL_FILE = "models-local.toml"
LOCAL = "local"
#: In the shipped file these replay answers to the example questions, which read better than simulated ones.
RECORDED_PAIR = ("atlas-mini", "atlas-grand")


class ModelsRefused(Exception):
    """The models asked for cannot be used; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A models file as text, where its recordings lie, and the pairs to compare, the smaller system first.

    ``systems`` answer every task set, ``judged`` the one that is put to raters.
    """

    text: str
    base_dir: Path
    systems: tuple[str, str]
    judged: tuple[str, str]
    simulated: bool
    local: bool = False

    @property
    def costs_money(self) -> bool:
        """Whether somebody will send a bill for what is asked."""
        return not self.simulated and not self.local


def choose(models: str, environment: Mapping[str, str], examples: Path, *, local_address: str = "") -> Chosen:
    """Read MODELS: nothing, ``local``, the path of a models file, or two model names separated by a comma.

    With nothing, ``OPENAI_API_KEY`` decides: real models with it, simulated ones without. ``OPENAI_BASE_URL``
    moves the OpenAI endpoint elsewhere, ``local_address`` the one on this machine.
    """
    if models == LOCAL:
        return _local(examples, local_address)
    has_key = bool(environment.get("OPENAI_API_KEY"))
    if models.endswith(".toml"):
        return _of_file(Path(models), environment)
    if models:
        if not has_key:
            raise ModelsRefused(f"MODELS={models} names real models; set OPENAI_API_KEY as well.")
        return _named(models, environment, examples)
    return _of_file(examples / (OPENAI_FILE if has_key else SIMULATED_FILE), environment)


def _of_file(path: Path, environment: Mapping[str, str]) -> Chosen:
    data = _read(path)
    names = [str(each.get("name")) for each in data.get("system", [])]
    if len(names) < 2:
        raise ModelsRefused(f"{path} describes fewer than two systems; a comparison needs two.")
    simulated = all(each.get("provider") != "openai_compatible" for each in data.get("endpoint", []))
    pair = (names[0], names[1])
    judged = RECORDED_PAIR if simulated and set(RECORDED_PAIR) <= set(names) else pair
    return Chosen(_moved(data, environment), path.parent, pair, judged, simulated)


def _local(examples: Path, address: str) -> Chosen:
    data = _read(examples / LOCAL_FILE)
    for endpoint in data["endpoint"]:
        endpoint["base_url"] = address or endpoint["base_url"]
    first, second = (str(each["name"]) for each in data["system"])
    pair = (first, second)
    return Chosen(tomli_w.dumps(data), examples, pair, pair, simulated=False, local=True)


def _named(models: str, environment: Mapping[str, str], examples: Path) -> Chosen:
    names = [name.strip() for name in models.split(",") if name.strip()]
    data = _read(examples / OPENAI_FILE)
    priced = {str(each["name"]) for each in data["model"]}
    unknown = [name for name in names if name not in priced]
    if len(names) != 2 or unknown:
        raise ModelsRefused(
            f"MODELS={models}: two of {', '.join(sorted(priced))} with a comma between, or the path of a "
            "models file that has others with their prices (docs/models-file.md)."
        )
    data["system"] = [{"name": name, "model": name, "temperature": 0.0, "max_tokens": 1024} for name in names]
    pair = (names[0], names[1])
    return Chosen(_moved(data, environment), examples, pair, pair, simulated=False)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelsRefused(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelsRefused(f"{path} is not a models file: {error}") from None


def _moved(data: dict[str, Any], environment: Mapping[str, str]) -> str:
    """The file's text, its OpenAI endpoint at ``OPENAI_BASE_URL`` when that is set."""
    address = environment.get("OPENAI_BASE_URL")
    for endpoint in data.get("endpoint", []):
        if address and endpoint.get("api_key_env") == "OPENAI_API_KEY":
            endpoint["base_url"] = address
    return tomli_w.dumps(data)

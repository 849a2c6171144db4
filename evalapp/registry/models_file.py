"""The models file read: endpoints, models with their prices, and systems, or every problem it has."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from evalapp.problems import FileRefused, Problem
from evalapp.registry.addresses import address_fault
from evalapp.registry.toml_tables import Table

PROVIDERS = ("openai_compatible", "simulated", "recorded")


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """One ``[[endpoint]]``. ``recording`` is a recording's text, read from beside the models file; None, when
    the file names none, keeps the one that stands."""

    name: str
    provider: str
    base_url: str = ""
    api_key_env: str = ""
    recording: str | None = None
    options: dict[str, object] | None = None
    timeout_s: float = 120.0
    concurrency: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """One ``[[model.price]]``, in USD per million tokens, in force from the day ``valid_from``."""

    input_usd_per_mtok: Decimal
    output_usd_per_mtok: Decimal
    valid_from: date
    source_url: str
    checked_on: date
    cached_input_usd_per_mtok: Decimal | None = None
    batch_discount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One ``[[model]]``: a served name at an endpoint."""

    endpoint: str
    name: str
    context_tokens: int | None
    prices: tuple[PriceEntry, ...]


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """One ``[[system]]``; ``model`` and ``fallback_model`` are (endpoint, name)."""

    name: str
    model: tuple[str, str]
    system_prompt: str = ""
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    fallback_model: tuple[str, str] | None = None
    fallback_rule: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class ModelsFile:
    """A whole models file, its names checked against each other."""

    endpoints: tuple[EndpointEntry, ...]
    models: tuple[ModelEntry, ...]
    systems: tuple[SystemEntry, ...]


def read_models_file(
    text: str, *, base_dir: Path | None = None, allowed_hosts: Sequence[str] = ()
) -> ModelsFile:
    """Read the text of a models file; raises ``FileRefused`` with every problem.

    Recordings are looked for beside the file, in ``base_dir``; without one a recording cannot be named.
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise FileRefused([_syntax_problem(str(error))]) from None
    except RecursionError:
        raise FileRefused([Problem("the file is nested too deeply; see the example")]) from None
    problems: list[Problem] = []
    top = Table("the file", data, problems)
    endpoints = tuple(_endpoint(each, base_dir, allowed_hosts) for each in top.tables("endpoint"))
    models = tuple(_model(each) for each in top.tables("model"))
    systems = tuple(_system(each, models) for each in top.tables("system"))
    top.refuse_unknown()
    _refuse_doubles(problems, "endpoint", [each.name for each in endpoints])
    _refuse_doubles(problems, "model", [f"{each.endpoint}/{each.name}" for each in models])
    _refuse_doubles(problems, "system", [each.name for each in systems])
    known = {each.name for each in endpoints}
    problems += [
        Problem(
            f"model {each.name}: there is no endpoint named {each.endpoint!r} in this file", field="endpoint"
        )
        for each in models
        if each.endpoint and each.endpoint not in known
    ]
    if problems:
        raise FileRefused(problems)
    return ModelsFile(endpoints, models, systems)


def _syntax_problem(message: str) -> Problem:
    """The parser's message, with the place it names put where problems have theirs."""
    place = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if place is None:
        return Problem(f"this is not TOML: {message}")
    line, column = map(int, place.groups())
    return Problem(f"this is not TOML: {message[: place.start()]}", line=line, column=column)


def _endpoint(table: Table, base_dir: Path | None, allowed_hosts: Sequence[str]) -> EndpointEntry:
    provider = table.choice("provider", PROVIDERS)
    base_url = table.text("base_url")
    if provider == "openai_compatible":
        fault = (
            address_fault(base_url, allowed_hosts) if base_url else "an address is needed: https://host/v1"
        )
        if fault:
            table.problem("base_url", fault)
    elif base_url:
        table.problem("base_url", f"a {provider} endpoint has no address; remove it")
    entry = EndpointEntry(
        name=table.name("name"),
        provider=provider,
        base_url=base_url.rstrip("/"),
        api_key_env=table.variable("api_key_env"),
        recording=_recording(table, provider, base_dir),
        options=table.simulation("options") if provider == "simulated" else None,
        timeout_s=table.number("timeout_s", least=0.1, most=3600) or 120.0,
        concurrency=table.whole("concurrency", least=1, most=512),
        requests_per_minute=table.whole("requests_per_minute", least=1),
        tokens_per_minute=table.whole("tokens_per_minute", least=1),
    )
    table.refuse_unknown()
    return entry


def _recording(table: Table, provider: str, base_dir: Path | None) -> str | None:
    name = table.text("recording")
    if not name:
        return None
    if provider != "recorded":
        table.problem("recording", "only a recorded endpoint has one; remove it")
    elif base_dir is None:
        table.problem("recording", "a recording is a file beside the models file: load it with load_models")
    else:
        try:
            return (base_dir / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            table.problem("recording", f"{name} cannot be read ({error.__class__.__name__}); check the path")
    return None


def _model(table: Table) -> ModelEntry:
    prices = tuple(_price(each) for each in table.tables("price"))
    entry = ModelEntry(
        endpoint=table.name("endpoint"),
        name=table.name("name", most=200),
        context_tokens=table.whole("context_tokens", least=256),
        prices=prices,
    )
    if not prices:
        table.problem("price", "a model needs at least one [[model.price]], so that no cost is a guess")
    for day in {
        each.valid_from for each in prices if [p.valid_from for p in prices].count(each.valid_from) > 1
    }:
        table.problem("price", f"two prices begin on {day}; keep the one that is right")
    table.refuse_unknown()
    return entry


def _price(table: Table) -> PriceEntry:
    entry = PriceEntry(
        input_usd_per_mtok=table.amount("input_usd_per_mtok", required=True) or Decimal(0),
        output_usd_per_mtok=table.amount("output_usd_per_mtok", required=True) or Decimal(0),
        cached_input_usd_per_mtok=table.amount("cached_input_usd_per_mtok"),
        batch_discount=table.share("batch_discount"),
        valid_from=table.day("valid_from"),
        source_url=table.web_address("source_url"),
        checked_on=table.day("checked_on"),
    )
    table.refuse_unknown()
    return entry


def _system(table: Table, models: Sequence[ModelEntry]) -> SystemEntry:
    fallback = table.tables("fallback", single=True)
    entry = SystemEntry(
        name=table.name("name", most=200),
        model=_model_named(table, "model", models),
        system_prompt=table.text("system_prompt", most=100_000),
        temperature=table.number("temperature", least=0, most=2),
        top_p=table.number("top_p", least=0, most=1),
        max_tokens=table.whole("max_tokens", least=1),
        seed=table.whole("seed", least=-(2**63), most=2**63 - 1),
        stop=table.texts("stop", most=4),
        fallback_model=_model_named(fallback[0], "model", models) if fallback else None,
        fallback_rule=fallback[0].fallback_rule("rule") if fallback else None,
    )
    for each in fallback:
        each.refuse_unknown()
    table.refuse_unknown()
    return entry


def _model_named(table: Table, field: str, models: Sequence[ModelEntry]) -> tuple[str, str]:
    """A model by its served name, or by "endpoint/name" where two endpoints serve one name."""
    wanted = table.name(field, most=301)
    found = [each for each in models if wanted in {each.name, f"{each.endpoint}/{each.name}"}]
    if wanted and len(found) != 1:
        several = "is served by several endpoints; write endpoint/name"
        table.problem(field, f"{wanted!r} {several if found else 'is not a [[model]] of this file'}")
    return (found[0].endpoint, found[0].name) if found else ("", "")


def _refuse_doubles(problems: list[Problem], what: str, names: Sequence[str]) -> None:
    doubles = sorted({each for each in names if each and names.count(each) > 1})
    problems += [Problem(f"{what} {name} is described twice; keep one", field="name") for name in doubles]

"""The models file and the tables: loading changes all or nothing, and what runs have used stays as it was."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
from django.conf import settings
from django.db import IntegrityError, models, transaction

from evalapp.models import ApiCall, Endpoint, LanguageModel, Price, System
from evalapp.models.registry import ProviderName
from evalapp.problems import FileRefused, Problem
from evalapp.registry.addresses import host_of
from evalapp.registry.models_file import (
    EndpointEntry,
    ModelEntry,
    ModelsFile,
    PriceEntry,
    SystemEntry,
    read_models_file,
)

R = TypeVar("R", Endpoint, LanguageModel, Price, System)


@dataclass(slots=True)
class CatalogueChange:
    """What loading did, as names for people: "system quartz-mini"."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def load_catalogue(text: str, *, base_dir: Path | None = None) -> CatalogueChange:
    """Load a models file; raises ``FileRefused`` with every problem, and then nothing has changed.

    Loading the same file again changes nothing. A price that has been written stays: a new one begins on
    another day. A system that a run has used stays: a changed one needs another name.
    """
    file = read_models_file(text, base_dir=base_dir, allowed_hosts=settings.ENDPOINT_HOSTS)
    loading = _Loading()
    try:
        with transaction.atomic():
            loading.load(file)
            if loading.problems:
                raise FileRefused(loading.problems)
    except IntegrityError:
        # Names are looked up before they are written; only another load in between can have taken one.
        message = "another models file was loaded at the same moment; load this one again"
        raise FileRefused([Problem(message)]) from None
    return loading.change


class _Loading:
    """One load under way: what it did and what speaks against it."""

    def __init__(self) -> None:
        self.change = CatalogueChange()
        self.problems: list[Problem] = []
        self._models: dict[tuple[str, str], LanguageModel] = {}

    def load(self, file: ModelsFile) -> None:
        for endpoint in file.endpoints:
            self._load_endpoint(endpoint)
        for model in file.models:
            self._load_model(model)
        for system in file.systems:
            self._load_system(system)

    def _load_endpoint(self, entry: EndpointEntry) -> None:
        row = Endpoint.objects.filter(name=entry.name).first()
        if (
            entry.provider == ProviderName.RECORDED
            and entry.recording is None
            and not (row and row.recording)
        ):
            message = f"endpoint {entry.name}: give the path of its recording, beside this file"
            self.problems.append(Problem(message, field="recording"))
        if row is not None and _moves(row, entry) and ApiCall.objects.filter(model__endpoint=row).exists():
            message = (
                f"endpoint {entry.name}: another host has answered under this name and its answers are kept; "
                "give this one another name"
            )
            self.problems.append(Problem(message, field="base_url"))
            return
        self._put(
            f"endpoint {entry.name}",
            row,
            Endpoint(name=entry.name),
            provider=entry.provider,
            base_url=entry.base_url,
            api_key_env=entry.api_key_env,
            recording=_recording(row, entry),
            options=entry.options or {},
            timeout_s=entry.timeout_s,
            concurrency=entry.concurrency,
            requests_per_minute=entry.requests_per_minute,
            tokens_per_minute=entry.tokens_per_minute,
        )

    def _load_model(self, entry: ModelEntry) -> None:
        endpoint = Endpoint.objects.get(name=entry.endpoint)
        row = LanguageModel.objects.filter(endpoint=endpoint, name=entry.name).first()
        model = self._put(
            f"model {entry.endpoint}/{entry.name}",
            row,
            LanguageModel(endpoint=endpoint, name=entry.name),
            context_tokens=entry.context_tokens,
        )
        self._models[entry.endpoint, entry.name] = model
        for price in entry.prices:
            self._load_price(model, price)

    def _load_price(self, model: LanguageModel, entry: PriceEntry) -> None:
        what = f"price of {model.name} from {entry.valid_from}"
        row = Price.objects.filter(model=model, valid_from=entry.valid_from).first()
        amounts = {
            "input_usd_per_mtok": entry.input_usd_per_mtok,
            "cached_input_usd_per_mtok": entry.cached_input_usd_per_mtok,
            "output_usd_per_mtok": entry.output_usd_per_mtok,
            "batch_discount": entry.batch_discount,
        }
        if row is not None and any(getattr(row, name) != amount for name, amount in amounts.items()):
            message = f"the {what} is written already and differs; a new price begins on another day"
            self.problems.append(Problem(message, field="price"))
            return
        self._put(
            what,
            row,
            Price(model=model, valid_from=entry.valid_from),
            **amounts,
            source_url=entry.source_url,
            checked_on=entry.checked_on,
        )

    def _load_system(self, entry: SystemEntry) -> None:
        row = System.objects.filter(name=entry.name).first()
        values = {
            "model": self._models[entry.model],
            "system_prompt": entry.system_prompt,
            "temperature": entry.temperature,
            "top_p": entry.top_p,
            "max_tokens": entry.max_tokens,
            "seed": entry.seed,
            "stop": list(entry.stop),
            "fallback_model": self._models[entry.fallback_model] if entry.fallback_model else None,
            "fallback_rule": entry.fallback_rule,
        }
        if row is not None and _differs(row, values) and row.runs.exists():
            made_elsewhere = (
                "its outputs came with a task file" if row.model_id is None else "a run has used it"
            )
            message = (
                f"system {entry.name}: {made_elsewhere}, so it stays as it is; give this one another name"
            )
            self.problems.append(Problem(message, field="name"))
            return
        self._put(f"system {entry.name}", row, System(name=entry.name), **values)

    def _put(self, what: str, row: R | None, fresh: R, **values: Any) -> R:
        """Write the values into the row that stands, or into a fresh one, and note which it was."""
        if row is not None and not _differs(row, values):
            self.change.unchanged.append(what)
            return row
        (self.change.added if row is None else self.change.changed).append(what)
        written = row or fresh
        for name, value in values.items():
            setattr(written, name, value)
        written.save()
        return written


def _moves(row: Endpoint, entry: EndpointEntry) -> bool:
    """Whether somebody else would answer; another port of the same host does not count."""
    return row.provider != entry.provider or host_of(row.base_url) != host_of(entry.base_url)


def _recording(row: Endpoint | None, entry: EndpointEntry) -> str:
    if entry.recording is not None:
        return entry.recording
    return row.recording if row is not None and entry.provider == ProviderName.RECORDED else ""


def _differs(row: models.Model, values: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def dump_catalogue() -> str:
    """The tables as the text of a models file; loading it again changes nothing.

    Recordings are files of their own and are not written; those that stand are kept. Systems whose outputs
    came with a task file have no model and are left out.
    """
    endpoints = [_endpoint_table(row) for row in Endpoint.objects.order_by("name")]
    language_models = LanguageModel.objects.select_related("endpoint").prefetch_related("prices")
    systems = System.objects.filter(model__isnull=False).select_related(
        "model__endpoint", "fallback_model__endpoint"
    )
    return tomli_w.dumps(
        {
            "endpoint": endpoints,
            "model": [_model_table(row) for row in language_models.order_by("endpoint__name", "name")],
            "system": [_system_table(row) for row in systems.order_by("name")],
        }
    )


def _endpoint_table(row: Endpoint) -> dict[str, Any]:
    names = ("name", "provider", "base_url", "api_key_env", "timeout_s", "concurrency")
    limits = ("requests_per_minute", "tokens_per_minute", "options")
    return _given(row, (*names, *limits))


def _model_table(row: LanguageModel) -> dict[str, Any]:
    prices = sorted(row.prices.all(), key=lambda price: price.valid_from)
    return {
        "endpoint": row.endpoint.name,
        **_given(row, ("name", "context_tokens")),
        "price": [_price_table(price) for price in prices],
    }


def _price_table(row: Price) -> dict[str, Any]:
    amounts = ("input_usd_per_mtok", "cached_input_usd_per_mtok", "output_usd_per_mtok", "batch_discount")
    return _given(row, (*amounts, "valid_from", "source_url", "checked_on"))


def _system_table(row: System) -> dict[str, Any]:
    names = ("name", "system_prompt", "temperature", "top_p", "max_tokens", "seed", "stop")
    table = _given(row, names)
    if row.model is not None:
        table["model"] = f"{row.model.endpoint.name}/{row.model.name}"
    if row.fallback_model is not None:
        fallback = f"{row.fallback_model.endpoint.name}/{row.fallback_model.name}"
        table["fallback"] = {"model": fallback, "rule": row.fallback_rule}
    return table


def _given(row: models.Model, names: tuple[str, ...]) -> dict[str, Any]:
    """The named fields that hold something, amounts as exact texts."""
    values = {name: getattr(row, name) for name in names}
    return {name: _plain(value) for name, value in values.items() if value not in (None, "", [], {})}


def _plain(value: object) -> object:
    return str(value.normalize() + 0) if isinstance(value, Decimal) else value

"""Reads of the catalogue: endpoints, models with the price of a day, and systems."""

import os
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Prefetch, QuerySet

from evalapp.models import Endpoint, LanguageModel, Price, System


@dataclass(frozen=True, slots=True)
class EndpointLine:
    """An endpoint, and whether this process finds its key where it is said to be; None when it takes none."""

    endpoint: Endpoint
    key_is_set: bool | None


def endpoints() -> list[EndpointLine]:
    """Every endpoint, by name. Only whether a key is set is looked at, never the key."""
    return [
        EndpointLine(endpoint, bool(os.environ.get(endpoint.api_key_env)) if endpoint.api_key_env else None)
        for endpoint in Endpoint.objects.defer("recording")
    ]


def prices_in_force(day: date) -> QuerySet[Price]:
    """The price in force on the day of every model that has one."""
    begun = Price.objects.filter(valid_from__lte=day).select_related("model__endpoint")
    return begun.order_by("model_id", "-valid_from").distinct("model_id")


def models_with_price(day: date) -> QuerySet[LanguageModel]:
    """Every model by endpoint and name, with the price in force on the day as the only one, or none, in
    ``in_force``; two queries."""
    return LanguageModel.objects.select_related("endpoint").prefetch_related(
        Prefetch("prices", queryset=prices_in_force(day), to_attr="in_force")
    )


def systems_with_runs() -> QuerySet[System]:
    """Every system by name with its models and ``run_count``."""
    parts = ("model__endpoint", "fallback_model__endpoint")
    return System.objects.select_related(*parts).annotate(run_count=Count("runs")).order_by("name")


def systems_to_ask() -> QuerySet[System]:
    """Systems that have a model, so that runs of them can be started."""
    return System.objects.filter(model__isnull=False).select_related("model__endpoint")

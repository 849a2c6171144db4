"""From the tables to the rows a report is made of; ratings alone come from their view (`ratings.py`).

Every function yields in a fixed order and reads in pieces, so that memory does not grow with the study.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import cast

from django.db.models import QuerySet

from evalapp.models import ApiCall, Generation, Price, Run, Sample
from evalapp.reports.rows import (
    CallPurpose,
    CallRow,
    CallState,
    GenerationRow,
    GenerationStatus,
    PriceRow,
    SampleRow,
)
from raters.models import Study

ROWS_AT_ONCE = 2_000


def sample_rows(study: Study) -> Iterator[SampleRow]:
    """The samples of the study's task set, in its order."""
    kind = study.task_set.kind
    samples = Sample.objects.filter(task_set=study.task_set).order_by("position")
    for sample in samples.iterator(chunk_size=ROWS_AT_ONCE):
        yield SampleRow(sample=sample.key, task_kind=kind, payload=sample.payload)


def generations_of(study: Study) -> QuerySet[Generation]:
    """Every output of the study's runs, also those that no comparison shows."""
    return Generation.objects.filter(run__arms__study=study)


def calls_of(study: Study) -> QuerySet[ApiCall]:
    """Every request of the study's runs, warm-up and failures included."""
    return ApiCall.objects.filter(run__arms__study=study)


def prices_of(study: Study) -> QuerySet[Price]:
    """Every price, past and present, of the models that the study's runs called or were to call."""
    arms = study.arms.all()
    systems = arms.values("run__system")
    called = calls_of(study).order_by().values("model")
    models = Price.objects.filter(model__in=called)
    return (
        models
        | Price.objects.filter(model__systems__in=systems)
        | Price.objects.filter(model__systems_falling_back__in=systems)
    ).distinct()


def generation_rows(study: Study) -> Iterator[GenerationRow]:
    """The outputs, by system in declared order, then sample and replicate."""
    kind = study.task_set.kind
    generations = (
        generations_of(study)
        .select_related("run__system", "sample")
        .defer("detail", "error_message", "sample__payload", "run__configuration")
        .order_by("run__arms__position", "sample__position", "replicate")
    )
    for generation in generations.iterator(chunk_size=ROWS_AT_ONCE):
        yield GenerationRow(
            system=generation.run.system.name,
            sample=generation.sample.key,
            task_kind=kind,
            replicate=generation.replicate,
            status=cast("GenerationStatus", generation.state),
            output=generation.output,
            latency_ms=generation.latency_ms,
            first_token_ms=generation.first_token_ms,
            input_tokens=generation.input_tokens,
            cached_input_tokens=generation.cached_input_tokens,
            output_tokens=generation.output_tokens,
            cost_usd=generation.cost_usd,
            served_by=generation.served_by,
            fallback_reason=generation.fallback_reason,
            finish_reason=generation.finish_reason,
            measured=generation.run.measured,
            imported=generation.run.imported,
            checks=generation.checks or {},
            error=generation.error,
        )


def call_rows(study: Study) -> Iterator[CallRow]:
    """The ledger, by system in declared order, then in the order in which the requests were sent."""
    calls = (
        calls_of(study)
        .select_related("run__system", "generation__sample", "model", "price")
        .defer("request", "reply", "raw", "error_message", "generation__output", "generation__detail")
        .defer("generation__sample__payload", "run__configuration")
        .order_by("run__arms__position", "id")
    )
    for call in calls.iterator(chunk_size=ROWS_AT_ONCE):
        run = cast("Run", call.run)
        yield CallRow(
            system=run.system.name,
            sample=call.generation.sample.key if call.generation else None,
            purpose=cast("CallPurpose", call.purpose),
            step=call.step,
            try_number=call.try_number,
            model=call.model.name,
            state=cast("CallState", call.state),
            model_answered=call.model_answered,
            sent_at=call.sent_at,
            latency_ms=call.latency_ms,
            first_token_ms=call.first_token_ms,
            input_tokens=call.input_tokens,
            cached_input_tokens=call.cached_input_tokens,
            output_tokens=call.output_tokens,
            usage_estimated=call.usage_estimated,
            cost_usd=call.cost_usd,
            price_valid_from=beginning_of(call.price.valid_from) if call.price else None,
            http_status=call.http_status,
            error=call.error,
            request_id=call.request_id,
            system_fingerprint=call.system_fingerprint,
            concurrency=run.concurrency,
        )


def price_rows(study: Study) -> Iterator[PriceRow]:
    """The prices, by model, oldest first."""
    prices = prices_of(study).select_related("model").order_by("model__name", "model_id", "valid_from")
    for price in prices.iterator(chunk_size=ROWS_AT_ONCE):
        yield PriceRow(
            model=price.model.name,
            input_usd_per_mtok=price.input_usd_per_mtok,
            cached_input_usd_per_mtok=price.cached_input_usd_per_mtok,
            output_usd_per_mtok=price.output_usd_per_mtok,
            valid_from=beginning_of(price.valid_from),
            source_url=price.source_url,
            checked_on=price.checked_on.isoformat(),
        )


def beginning_of(day: date) -> datetime:
    """The first moment of a day in UTC, when a price of that day comes into force."""
    return datetime.combine(day, time.min, tzinfo=UTC)

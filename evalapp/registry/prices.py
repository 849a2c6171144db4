"""Which price was in force for a model on a day."""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction

from evalapp.models import LanguageModel, Price
from evalapp.registry.pricing import TokenPrice


def price_on(model: LanguageModel, day: date) -> Price | None:
    """The price that began last on or before a day (UTC); None when none had begun."""
    return model.prices.filter(valid_from__lte=day).order_by("-valid_from").first()


class PriceStands(Exception):
    """A price of the model begins on that day already, and prices are history; another begins another day."""


def add_price(
    *,
    model: LanguageModel,
    input_usd_per_mtok: Decimal,
    output_usd_per_mtok: Decimal,
    valid_from: date,
    source_url: str,
    checked_on: date,
    cached_input_usd_per_mtok: Decimal | None = None,
    batch_discount: Decimal | None = None,
) -> Price:
    """Write a price that is in force from ``valid_from`` (UTC) until the next. Raises `PriceStands`."""
    try:
        with transaction.atomic():
            return Price.objects.create(
                model=model,
                input_usd_per_mtok=input_usd_per_mtok,
                cached_input_usd_per_mtok=cached_input_usd_per_mtok,
                output_usd_per_mtok=output_usd_per_mtok,
                batch_discount=batch_discount,
                valid_from=valid_from,
                source_url=source_url,
                checked_on=checked_on,
            )
    except IntegrityError:
        raise PriceStands(f"A price of {model} begins on {valid_from:%d %B %Y} already.") from None


def token_price(price: Price) -> TokenPrice:
    """The row as the pure arithmetic takes it."""
    return TokenPrice(
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        cached_input_usd_per_mtok=price.cached_input_usd_per_mtok,
        valid_from=price.valid_from,
        batch_discount=price.batch_discount,
    )

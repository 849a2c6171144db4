"""Which price was in force for a model on a day."""

from datetime import date

from evalapp.models import LanguageModel, Price
from evalapp.registry.pricing import TokenPrice


def price_on(model: LanguageModel, day: date) -> Price | None:
    """The price that began last on or before a day (UTC); None when none had begun."""
    return model.prices.filter(valid_from__lte=day).order_by("-valid_from").first()


def token_price(price: Price) -> TokenPrice:
    """The row as the pure arithmetic takes it."""
    return TokenPrice(
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        cached_input_usd_per_mtok=price.cached_input_usd_per_mtok,
        valid_from=price.valid_from,
    )

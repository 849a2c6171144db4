"""Prices are written down on a page, and what a run would cost at others is simulated."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from evalapp.generation.repricing import asked_of, reprice
from evalapp.models import ApiCall, Generation, Price, Run
from evalapp.providers.messages import Usage
from evalapp.registry.catalogue import dump_catalogue, load_catalogue
from evalapp.registry.pricing import TokenPrice, batch_cost_usd
from tests.studies.casting import make_task_set
from tests.views.machine import make_asked_run, make_system
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db
ENTERED = {
    "input_usd_per_mtok": "0.15",
    "cached_input_usd_per_mtok": "0.075",
    "output_usd_per_mtok": "0.60",
    "batch_discount": "0.5",
    "valid_from": "2026-06-01",
    "checked_on": "2026-06-02",
    "source_url": "https://example.org/new",
}


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


def everything() -> list[object]:
    return [list(model.objects.order_by("pk").values()) for model in (Run, Generation, ApiCall, Price)]


def test_a_price_is_written_down_and_told_of_by_the_models_file(olga: Client) -> None:
    system = make_system()
    path = f"/systems/models/{system.model_id}/price/"
    assert f'href="{path}"' in olga.get("/systems/").content.decode()
    assert olga.post(path, ENTERED).headers["Location"] == "/systems/"
    price = Price.objects.get(valid_from=date(2026, 6, 1))
    assert (price.model_id, price.input_usd_per_mtok, price.cached_input_usd_per_mtok) == (
        system.model_id,
        Decimal("0.15"),
        Decimal("0.075"),
    )
    assert (price.output_usd_per_mtok, price.batch_discount) == (Decimal("0.6"), Decimal("0.5"))
    page = olga.get(path).content.decode()
    assert "https://example.org/new" in page
    assert "50.0 %" in page
    dumped = dump_catalogue()
    assert 'batch_discount = "0.5"' in dumped
    assert load_catalogue(dumped).changed == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"valid_from": "2026-01-01"}, "A price of small-model begins on 01 January 2026 already."),
        ({"batch_discount": "1.5"}, "less than or equal to 1"),
        ({"input_usd_per_mtok": "-1"}, "greater than or equal to 0"),
        ({"output_usd_per_mtok": "0.1234567"}, "6 decimal places"),
        ({"source_url": "javascript:alert(1)"}, "valid URL"),
        ({"checked_on": "yesterday"}, "valid date"),
    ],
)
def test_a_price_that_cannot_be_is_refused_with_a_sentence(
    change: dict[str, str], words: str, olga: Client
) -> None:
    system = make_system()
    response = olga.post(f"/systems/models/{system.model_id}/price/", {**ENTERED, **change})
    assert response.status_code == 422
    assert words in response.content.decode()
    assert Price.objects.count() == 1


def test_another_price_is_a_simulation_that_changes_nothing(olga: Client) -> None:
    system, other = make_system(), make_system("other")
    run = make_asked_run(make_task_set(samples=4), system)
    # 4 calls of 500 input tokens, 100 of them cached, and 1,000 output tokens.
    run.calls.update(
        input_tokens=500, cached_input_tokens=100, output_tokens=1000, cost_usd=Decimal("0.0025")
    )
    olga.post(f"/systems/models/{system.model_id}/price/", ENTERED)
    before = everything()
    response = olga.get(f"/runs/{run.pk}/prices/")
    ((asked, own, elsewhere),) = response.context["parts"]
    assert (asked.calls, asked.usage, asked.cost_usd) == (4, Usage(2000, 4000, 400), Decimal("0.01"))
    # 1,600 at 0.15, 400 at 0.075 and 4,000 at 0.60 USD per million; half of it in batches.
    assert [(row.cost_usd, row.batch_usd) for row in own] == [
        (Decimal("0.00267"), Decimal("0.001335")),
        (Decimal("0.01"), None),
    ]
    assert [(row.price.model_id, row.cost_usd) for row in elsewhere] == [(other.model_id, Decimal("0.01"))]
    assert "A simulation" in response.content.decode()
    assert everything() == before


def test_calls_without_a_count_and_those_from_the_cache_are_apart() -> None:
    run = make_asked_run(make_task_set(samples=3), make_system())
    first, second, _ = run.calls.order_by("pk")
    ApiCall.objects.filter(pk=first.pk).update(state="failed", input_tokens=None, output_tokens=None)
    ApiCall.objects.filter(pk=second.pk).update(state="cached")
    (asked,) = asked_of(run)
    assert (asked.calls, asked.uncounted, asked.usage) == (1, 1, Usage(10, 5, 0))
    (repriced,) = reprice(asked, list(asked.model.prices.all()))
    assert repriced.cost_usd == asked.cost_usd


def test_a_run_that_asked_nothing_has_nothing_to_price(olga: Client) -> None:
    run = make_asked_run(make_task_set(), make_system(), answered=0)
    assert "there is nothing to price" in olga.get(f"/runs/{run.pk}/prices/").content.decode()


def test_a_batch_costs_its_share_of_the_usual() -> None:
    price = TokenPrice(Decimal("0.15"), Decimal("0.60"), batch_discount=Decimal("0.25"))
    assert batch_cost_usd(Usage(500, 1000), price) == Decimal("0.00050625")
    assert batch_cost_usd(Usage(500, 1000), TokenPrice(Decimal(1), Decimal(1))) is None
    with pytest.raises(ValueError, match="share from 0 to 1"):
        TokenPrice(Decimal(1), Decimal(1), batch_discount=Decimal(2))

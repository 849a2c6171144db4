"""Organisers' pages of endpoints, models, prices and systems."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client

from evalapp.models import Endpoint, LanguageModel, Price, System
from evalapp.registry.queries import models_with_price
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BROKEN = '[[endpoint]]\nname = "x"\nprovider = "openai_compatible"\n\n[[model]]\nendpoint = "y"\nname = "z"\n'
PATHS = ["/systems/", "/systems/import/", "/systems/models.toml"]


def test_only_organisers_see_systems(olga: Client) -> None:
    rosa, nobody = signed_in("rosa", "researcher"), Client()
    assert [olga.get(path).status_code for path in PATHS] == [200] * 3
    assert [rosa.get(path).status_code for path in PATHS] == [404] * 3
    assert rosa.post("/systems/import/", {"text": "x"}).status_code == 404
    assert [nobody.get(path).headers["Location"] for path in PATHS] == [
        f"/sign-in/?next={path}" for path in PATHS
    ]
    assert [olga.post(path).status_code for path in PATHS] == [405, 422, 405]


def test_an_empty_page_leads_to_loading_a_models_file(olga: Client) -> None:
    assert 'href="/systems/import/"' in olga.get("/systems/").content.decode()


def test_endpoints_tell_where_the_key_comes_from_and_whether_it_is_set_but_never_the_key(
    olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_system("keyed", api_key_env="BLIND_EVAL_TEST_KEY")
    monkeypatch.delenv("BLIND_EVAL_TEST_KEY", raising=False)
    assert "not set" in olga.get("/systems/").content.decode()
    monkeypatch.setenv("BLIND_EVAL_TEST_KEY", "sk-secret-secret")
    page = olga.get("/systems/").content.decode()
    assert "BLIND_EVAL_TEST_KEY" in page
    assert "not set" not in page
    assert "sk-secret" not in page
    assert "sk-secret" not in olga.get("/systems/models.toml").content.decode()


def test_models_show_the_price_in_force_with_its_source_and_check_date(olga: Client) -> None:
    model = make_system("small").model
    assert model is not None
    for day in (date(2026, 3, 1), date(2999, 1, 1)):
        Price.objects.create(
            model=model,
            input_usd_per_mtok=Decimal("0.125"),
            cached_input_usd_per_mtok=Decimal("0.05"),
            output_usd_per_mtok=Decimal(3),
            valid_from=day,
            source_url=f"https://example.org/{day.year}",
            checked_on=date(2026, 4, 5),
        )
    page = " ".join(olga.get("/systems/").content.decode().split())
    assert '<td class="number">0.125</td> <td class="number">0.05</td> <td class="number">3.00</td>' in page
    assert "https://example.org/2026" in page
    assert "checked 5 Apr 2026" in page
    assert "https://example.org/2999" not in page


def test_the_price_in_force_is_the_one_that_began_last() -> None:
    model = make_system("small").model
    assert model is not None
    later = Price.objects.create(
        model=model,
        input_usd_per_mtok=2,
        output_usd_per_mtok=2,
        valid_from=date(2026, 6, 1),
        source_url="",
        checked_on=date(2026, 6, 1),
    )
    first = Price.objects.get(valid_from=date(2026, 1, 1))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1), date(2030, 1, 1)]
    found = [getattr(models_with_price(day).get(), "in_force") for day in days]  # noqa: B009 - set by prefetching
    assert found == [[], [first], [first], [later], [later]]


def test_a_model_without_a_price_in_force_is_marked(olga: Client) -> None:
    make_system("small", priced=False)
    assert "no price in force" in olga.get("/systems/").content.decode()


def test_systems_show_how_they_ask_and_names_are_data(olga: Client) -> None:
    make_system(HOSTILE)
    make_run(make_task_set(), "made elsewhere")
    page = olga.get("/systems/").content.decode()
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
    assert "temperature 0.5" in page
    assert "Be brief." in page
    assert "outputs came with a task file" in page


def test_the_page_takes_as_many_queries_for_three_systems_as_for_one(olga: Client) -> None:
    make_system("first")
    once = query_count(olga, "/systems/")
    make_system("second")
    make_system("third", api_key_env="OTHER_KEY")
    assert query_count(olga, "/systems/") == once


@pytest.mark.parametrize("as_file", [True, False])
def test_a_models_file_is_loaded_from_a_file_or_its_text(olga: Client, as_file: bool) -> None:
    text = (EXAMPLES / "models-openai.toml").read_text("utf-8")
    given = {"file": SimpleUploadedFile("models.toml", text.encode())} if as_file else {"text": text}
    response = olga.post("/systems/import/", given, follow=True)
    assert response.redirect_chain == [("/systems/", 302)]
    assert list(System.objects.values_list("name", flat=True)) == ["gpt-4o", "gpt-4o-mini"]
    assert "Loaded: 7 added, 0 changed, 0 as before." in response.content.decode()
    again = olga.post("/systems/import/", {"text": text}, follow=True)
    assert "nothing has changed" in again.content.decode()


def test_a_broken_models_file_changes_nothing_and_every_problem_is_listed(olga: Client) -> None:
    response = olga.post("/systems/import/", {"text": BROKEN})
    assert response.status_code == 422
    assert len(response.context["problems"]) >= 2
    page = response.content.decode()
    assert "Nothing was loaded" in page
    assert "there is no endpoint named" in page
    assert "provider = &quot;openai_compatible&quot;" in page
    assert (Endpoint.objects.count(), LanguageModel.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "Choose a file or paste its text."),
        ({"text": " \n"}, "Choose a file or paste its text."),
        ({"text": "x", "file": b"x"}, "Choose a file or paste its text, not both."),
        ({"file": b"\xff\xfe"}, "The file is not UTF-8 text. Save it as UTF-8 and try again."),
        ({"file": b" " * 1_100_000}, "The file is larger than 1 MB; that is no models file."),
    ],
)
def test_what_cannot_be_a_models_file_is_refused_in_words(
    olga: Client, given: dict[str, str | bytes], message: str
) -> None:
    data = {
        name: SimpleUploadedFile("models.toml", value) if isinstance(value, bytes) else value
        for name, value in given.items()
    }
    response = olga.post("/systems/import/", data)
    assert response.status_code == 422
    assert message in response.content.decode()


def test_the_example_on_the_page_can_be_loaded(olga: Client) -> None:
    example = render_to_string("systems/example.toml")
    assert olga.post("/systems/import/", {"text": example}).status_code == 302
    assert System.objects.get().name == "acme-mini, short answers"


def test_the_download_loaded_again_changes_nothing(olga: Client) -> None:
    olga.post("/systems/import/", {"text": (EXAMPLES / "models-openai.toml").read_text("utf-8")})
    response = olga.get("/systems/models.toml")
    assert response.headers["Content-Type"] == "application/toml; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="models.toml"'
    again = olga.post("/systems/import/", {"text": response.content.decode()}, follow=True)
    assert "nothing has changed" in again.content.decode()

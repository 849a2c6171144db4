"""What can be downloaded of a run."""

import io
import json
import zipfile

import pytest
from django.test import Client

from evalapp.models import Generation
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import make_asked_run, make_system
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Client:
    """An organiser's browser."""
    return signed_in()


def test_the_raw_log_is_streamed_as_a_file(olga: Client) -> None:
    run = make_asked_run(make_task_set(samples=3), make_system())
    response = olga.get(f"/runs/{run.pk}/log.jsonl")
    assert response.headers["Content-Disposition"] == f'attachment; filename="run-{run.pk}-log.jsonl"'
    assert response.headers["Content-Type"] == "application/jsonl; charset=utf-8"
    lines = [json.loads(line) for line in response.getvalue().decode().split("\n") if line]
    assert [line["type"] for line in lines] == ["run", "call", "call", "call"]
    assert [line["sample"] for line in lines[1:]] == ["s0", "s1", "s2"]


def test_a_run_is_offered_as_training_data(olga: Client) -> None:
    run = make_asked_run(make_task_set(samples=2), make_system())
    response = olga.get(f"/runs/{run.pk}/training.zip")
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        assert sorted(archive.namelist()) == ["README.txt", "chat.jsonl", "provenance.jsonl"]


def test_a_runs_page_leads_to_its_files_and_an_imported_one_has_no_log(olga: Client) -> None:
    task_set = make_task_set()
    asked, imported = make_asked_run(task_set, make_system()), make_run(task_set, "made elsewhere")
    names = ("log.jsonl", "prices/", "training.zip")
    page = olga.get(f"/runs/{asked.pk}/").content.decode()
    assert [f'href="/runs/{asked.pk}/{name}"' in page for name in names] == [True] * 3
    page = olga.get(f"/runs/{imported.pk}/").content.decode()
    assert [f'href="/runs/{imported.pk}/{name}"' in page for name in names] == [False, False, True]


def test_fallbacks_and_where_a_run_was_asked_from_are_on_its_page(olga: Client) -> None:
    system, large = make_system(), make_system("large")
    system.fallback_model, system.fallback_rule = large.model, {"empty": True}
    system.save()
    run = make_asked_run(make_task_set(samples=4), system)
    run.environment = {
        "region": "eu-central",
        "system": "Linux",
        "machine": "x86_64",
        "processors": 2,
        "versions": {"openai": "3.54"},
        "endpoints": [{"name": "practice", "model": "small-model", "address": ""}],
    }
    run.save()
    Generation.objects.filter(run=run, sample__key="s1").update(fallback_reason="empty")
    page = olga.get(f"/runs/{run.pk}/").content.decode()
    for words in ("trip rate: 1 of 4 outputs", "25.0 %", "empty (1)", "eu-central", "openai 3.54"):
        assert words in page, words

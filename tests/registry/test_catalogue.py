"""Loading a models file changes all or nothing, twice is once, and what has been used stays as it was."""

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import override_settings
from django.utils import timezone

from evalapp.models import ApiCall, Endpoint, LanguageModel, Price, Run, System, TaskSet
from evalapp.problems import FileRefused
from evalapp.registry.catalogue import CatalogueChange, dump_catalogue, load_catalogue
from tests.registry.test_models_file import ENDPOINT, MODEL, PRICE, SYSTEM

pytestmark = pytest.mark.django_db

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILE = ENDPOINT + MODEL + SYSTEM
EVERYTHING = ["endpoint e", "model e/m", "price of m from 2026-01-01", "system s"]
FULL = (
    """
[[endpoint]]
name = "e"
provider = "openai_compatible"
base_url = "http://127.0.0.1:8000/v1"
api_key_env = "EXAMPLE_API_KEY"
timeout_s = 2.5
concurrency = 3
requests_per_minute = 4
tokens_per_minute = 5

[[endpoint]]
name = "sim"
provider = "simulated"
options = { seed = 3, latency_ms = 1.5 }
"""
    + MODEL
    + MODEL.replace('"m"', '"large"')
    + PRICE.replace("2026-01-01", "2026-03-01")
    + r"""
[[system]]
name = "s"
model = "e/m"
system_prompt = "One\nline \"more\" ☂"
temperature = 0
top_p = 0.9
max_tokens = 10
seed = 7
stop = ["END", "\n"]
fallback = { model = "large", rule = { refusal = true, pattern = "^\\s*$" } }
"""
)


def rows() -> list[object]:
    """Every row of the catalogue, as its columns hold it."""
    tables = (Endpoint.objects, LanguageModel.objects, Price.objects, System.objects)
    return [row for table in tables for row in table.order_by("pk").values()]


def refused(text: str) -> list[str]:
    """The problems of a load that must change nothing."""
    before = rows()
    with pytest.raises(FileRefused) as caught:
        load_catalogue(text)
    assert rows() == before
    return [str(problem) for problem in caught.value.problems]


def use(system: System) -> Run:
    """A run of the system, with one call to its model."""
    task_set = TaskSet.objects.create(
        name=f"set for {system}", kind="qa", checksum="0" * 64, sample_count=0, source_name="q.jsonl"
    )
    run = Run.objects.create(task_set=task_set, system=system)
    assert system.model is not None
    ApiCall.objects.create(
        run=run,
        model=system.model,
        price=system.model.prices.get(),
        purpose="probe",
        request_key="0" * 64,
        request={},
        sent_at=timezone.now(),
    )
    return run


def test_a_file_becomes_rows() -> None:
    assert load_catalogue(FILE) == CatalogueChange(added=EVERYTHING)
    system = System.objects.get()
    assert (system.name, system.temperature, system.seed, system.stop) == ("s", None, None, [])
    model = LanguageModel.objects.get()
    assert (system.model, model.name, model.endpoint.name, model.endpoint.provider) == (
        model,
        "m",
        "e",
        "simulated",
    )
    price = model.prices.get()
    assert (price.input_usd_per_mtok, price.cached_input_usd_per_mtok, price.output_usd_per_mtok) == (
        Decimal("0.15"), None, Decimal("0.6"),
    )  # fmt: skip
    assert (price.valid_from, price.checked_on) == (date(2026, 1, 1), date(2026, 2, 1))


@pytest.mark.parametrize("text", [FILE, FULL], ids=["short", "full"])
def test_the_same_file_again_changes_nothing(text: str) -> None:
    added = load_catalogue(text).added
    before = rows()
    assert load_catalogue(text) == CatalogueChange(unchanged=added)
    assert rows() == before


def test_what_is_written_out_loads_again_without_a_change() -> None:
    load_catalogue(FULL)
    before, text = rows(), dump_catalogue()
    change = load_catalogue(text)
    assert (change.added, change.changed, rows()) == ([], [], before)
    assert dump_catalogue() == text


def test_what_is_written_out_makes_the_same_rows_in_an_empty_place() -> None:
    load_catalogue(FULL)
    text = dump_catalogue()
    System.objects.all().delete()
    Price.objects.all().delete()
    LanguageModel.objects.all().delete()
    Endpoint.objects.all().delete()
    load_catalogue(text)
    assert dump_catalogue() == text
    assert tomllib.loads(text)["model"][0]["price"][0]["input_usd_per_mtok"] == "0.15"


@pytest.mark.parametrize("name", ["models.toml", "models-openai.toml", "models-local.toml"])
def test_the_examples_load_and_load_again(name: str) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    added = load_catalogue(text, base_dir=EXAMPLES).added
    assert load_catalogue(text, base_dir=EXAMPLES) == CatalogueChange(unchanged=added)
    change = load_catalogue(dump_catalogue())
    assert (change.added, change.changed) == ([], [])


def test_a_recording_stays_when_the_file_names_none(tmp_path: Path) -> None:
    text = '[[endpoint]]\nname = "r"\nprovider = "recorded"\n'
    assert refused(text) == ["field recording: endpoint r: give the path of its recording, beside this file"]
    (tmp_path / "r.jsonl").write_text("{}", encoding="utf-8")
    load_catalogue(text + 'recording = "r.jsonl"', base_dir=tmp_path)
    assert load_catalogue(text) == CatalogueChange(unchanged=["endpoint r"])
    assert Endpoint.objects.get().recording == "{}"


def test_a_price_that_stands_is_not_changed_and_a_later_one_begins_beside_it() -> None:
    load_catalogue(FILE)
    assert refused(FILE.replace('"0.15"', '"0.16"')) == [
        (
            "field price: the price of m from 2026-01-01 is written already and differs; "
            "a new price begins on another day"
        )
    ]
    later = PRICE.replace("2026-01-01", "2026-06-01").replace('"0.15"', '"0.16"')
    assert load_catalogue(ENDPOINT + MODEL + later).added == ["price of m from 2026-06-01"]
    assert list(Price.objects.values_list("input_usd_per_mtok", flat=True)) == [
        Decimal("0.16"),
        Decimal("0.15"),
    ]


def test_a_system_may_change_until_a_run_has_used_it() -> None:
    load_catalogue(FILE)
    warmer = FILE + "temperature = 0.5"
    assert load_catalogue(warmer).changed == ["system s"]
    use(System.objects.get())
    assert load_catalogue(warmer).changed == []
    assert refused(FILE) == [
        "field name: system s: a run has used it, so it stays as it is; give this one another name"
    ]


def test_a_system_that_came_with_a_task_file_keeps_its_name_to_itself() -> None:
    system = System.objects.create(name="s")
    task_set = TaskSet.objects.create(name="t", kind="qa", checksum="0" * 64, sample_count=0, source_name="q")
    Run.objects.create(
        task_set=task_set, system=system, imported=True, state="done", finished_at=timezone.now()
    )
    assert refused(FILE) == [
        (
            "field name: system s: its outputs came with a task file, so it stays as it is; "
            "give this one another name"
        )
    ]


def test_an_endpoint_that_has_answered_stays_at_its_host_but_may_change_its_port() -> None:
    text = FULL.replace('model = "large"', 'model = "e/large"')
    load_catalogue(text)
    moved = text.replace("127.0.0.1:8000", "models.example.com")
    load_catalogue(moved)
    load_catalogue(text)
    system = System.objects.get()
    use(system)
    assert load_catalogue(text.replace(":8000", ":9000")).changed == ["endpoint e"]
    assert refused(moved) == [
        (
            "field base_url: endpoint e: another host has answered under this name and its answers are kept; "
            "give this one another name"
        )
    ]


def test_all_or_nothing_and_every_conflict_at_once() -> None:
    load_catalogue(FILE)
    use(System.objects.get())
    changed = FILE.replace('"0.15"', '"0.16"') + "seed = 1\n"
    new = ENDPOINT.replace('"e"', '"new"')
    assert [problem.split(":")[0] for problem in refused(new + changed)] == ["field price", "field name"]


@override_settings(ENDPOINT_HOSTS=["models.example.com"])
def test_only_hosts_of_the_sites_list_are_taken() -> None:
    assert ["ENDPOINT_HOSTS" in problem for problem in refused(FULL)] == [True]
    load_catalogue(FULL.replace("127.0.0.1:8000", "models.example.com"))

"""Organisers' pages of task sets."""

import hashlib
import io
import json
import zipfile
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from pytest_django.fixtures import Settings

from evalapp.models import Generation, Image, Run, Sample, TaskSet
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import HOSTILE, make_asked_run, make_system, query_count
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db

GOOD = '{"id": "a", "prompt": "What is 1 + 1?", "reference": "2"}\n{"id": "b", "prompt": "What is 2 + 2?"}\n'
BROKEN = '{"id": "a", "prompt": "What?"}\n{"promt": "Whence?"}\nnot json\n'


def upload(client: Client, text: str | bytes, *, file_name: str = "tasks.jsonl", **fields: str) -> object:
    data = text.encode() if isinstance(text, str) else text
    file = SimpleUploadedFile(file_name, data)
    return client.post("/tasksets/import/", {"file": file, "kind": "qa", "name": "Sums", **fields})


def pages(task_set: TaskSet) -> list[str]:
    sample = task_set.samples.get(position=0)
    return [
        "/tasksets/",
        "/tasksets/import/",
        f"/tasksets/{task_set.pk}/",
        f"/tasksets/{task_set.pk}/samples/{sample.pk}/",
        f"/tasksets/images/{'0' * 64}/",
    ]


def test_only_organisers_see_task_sets(olga: Client) -> None:
    Image.objects.create(sha256="0" * 64, media_type="image/png", width=1, height=1, data=b"png")
    paths = pages(make_task_set())
    rosa, nobody = signed_in("rosa", "researcher"), Client()
    assert [olga.get(path).status_code for path in paths] == [200] * 5
    assert [rosa.get(path).status_code for path in paths] == [404] * 5
    assert [rosa.post(path).status_code for path in paths] == [404] * 5
    assert [nobody.get(path).headers.get("Location") for path in paths] == [
        f"/sign-in/?next={quote(path)}" for path in paths
    ]
    assert [nobody.post(path).status_code for path in paths] == [302] * 5


def test_pages_that_only_show_take_no_post(olga: Client) -> None:
    paths = [path for path in pages(make_task_set()) if path != "/tasksets/import/"]
    assert [olga.post(path).status_code for path in paths] == [405] * 4


def test_what_is_missing_is_not_found(olga: Client) -> None:
    one, other = make_task_set("one"), make_task_set("other")
    foreign = other.samples.get(position=0)
    for path in (
        "/tasksets/999999/",
        f"/tasksets/{10**30}/",
        f"/tasksets/{one.pk}/samples/999999/",
        f"/tasksets/{one.pk}/samples/{foreign.pk}/",
        f"/tasksets/images/{'1' * 64}/",
        "/tasksets/images/../",
    ):
        assert olga.get(path).status_code == 404, path


def test_an_empty_list_leads_to_the_import(olga: Client) -> None:
    assert 'href="/tasksets/import/"' in olga.get("/tasksets/").content.decode()


def test_the_list_shows_each_task_set_and_takes_as_many_queries_for_three_as_for_one(olga: Client) -> None:
    make_run(make_task_set("first", samples=3), "small")
    once = query_count(olga, "/tasksets/")
    make_task_set("second", kind="chat")
    make_run(make_task_set(HOSTILE), "large")
    assert query_count(olga, "/tasksets/") == once
    page = olga.get("/tasksets/").content.decode()
    assert "Conversations" in page
    assert hashlib.sha256(b"first").hexdigest()[:10] in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_good_file_is_imported_and_shown(olga: Client) -> None:
    response = upload(olga, GOOD)
    task_set = TaskSet.objects.get()
    assert response.headers["Location"] == f"/tasksets/{task_set.pk}/"  # type: ignore[attr-defined]
    facts = (task_set.name, task_set.kind, task_set.sample_count, task_set.source_name, task_set.checksum)
    assert facts == ("Sums", "qa", 2, "tasks.jsonl", hashlib.sha256(GOOD.encode()).hexdigest())
    assert task_set.created_by is not None
    assert task_set.created_by.username == "olga"
    page = olga.get(f"/tasksets/{task_set.pk}/").content.decode()
    assert "Imported 2 samples." in page
    assert "What is 2 + 2?" in page
    assert task_set.checksum in page


def test_a_broken_file_changes_nothing_and_every_problem_is_listed(olga: Client) -> None:
    response = olga.post(
        "/tasksets/import/",
        {"file": SimpleUploadedFile("my tasks.jsonl", BROKEN.encode()), "kind": "qa", "name": "Sums"},
    )
    assert response.status_code == 422
    assert (TaskSet.objects.count(), Sample.objects.count()) == (0, 0)
    found = [(problem.line, problem.field) for problem in response.context["problems"]]
    assert found == [(2, "promt"), (2, "prompt"), (3, None)]
    page = response.content.decode()
    assert "did you mean “prompt”?" in page
    assert "<td>Column 1: this is not JSON" in page
    assert "my tasks.jsonl" in page
    assert 'value="Sums"' in page
    assert '<option value="qa" selected>' in page


def test_of_very_many_problems_the_first_are_listed_and_the_rest_counted(olga: Client) -> None:
    response = olga.post(
        "/tasksets/import/",
        {"file": SimpleUploadedFile("t.jsonl", b"{}\n" * 250), "kind": "qa", "name": "Sums"},
    )
    assert len(response.context["problems"]) == 200
    assert "50 more are not listed." in response.content.decode()


def test_a_name_that_is_taken_is_refused(olga: Client) -> None:
    make_task_set("Sums")
    response = upload(olga, GOOD)
    assert response.status_code == 422  # type: ignore[attr-defined]
    assert "there is a task set called “Sums” already" in response.content.decode()  # type: ignore[attr-defined]
    assert TaskSet.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "faulty"),
    [
        ({"kind": "riddle"}, ["kind"]),
        ({"name": ""}, ["name"]),
        ({"name": "a\x00b"}, ["name"]),
        ({"name": "n" * 201}, ["name"]),
    ],
)
def test_a_form_that_is_not_filled_in_says_so(
    olga: Client, fields: dict[str, str], faulty: list[str]
) -> None:
    response = olga.post(
        "/tasksets/import/",
        {"file": SimpleUploadedFile("t.jsonl", GOOD.encode()), "kind": "qa", "name": "Sums", **fields},
    )
    assert response.status_code == 422
    assert list(response.context["form"].errors) == faulty
    assert not TaskSet.objects.exists()


def test_without_a_file_the_form_asks_for_one(olga: Client) -> None:
    response = olga.post("/tasksets/import/", {"kind": "qa", "name": "Sums"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["file"])


@pytest.mark.parametrize("over", [1, 3_000_000])
def test_a_file_past_the_limit_is_refused_in_words_and_not_kept(
    olga: Client, settings: Settings, over: int
) -> None:
    settings.UPLOAD_MOST_BYTES = 3 * 1024 * 1024
    response = olga.post(
        "/tasksets/import/",
        {
            "file": SimpleUploadedFile("t.jsonl", b" " * (3 * 1024 * 1024 + over)),
            "kind": "qa",
            "name": "Sums",
        },
    )
    assert response.status_code == 422
    (message,) = response.context["form"].errors["file"]
    assert message.startswith("The file is larger than 3.0\xa0MB")
    # One chunk past the limit tells that it is past; nothing more is written to disk.
    assert response.context["form"].files["file"].size <= 3 * 1024 * 1024 + 64 * 1024


def test_outputs_in_the_file_become_finished_runs_when_asked_for(olga: Client) -> None:
    rows = [{"prompt": f"{number}?", "outputs": {"gpt": f"It is {number}"}} for number in range(3)]
    text = "\n".join(json.dumps(row) for row in rows)
    upload(olga, text, name="without")
    assert not Run.objects.exists()
    upload(olga, text, name="with", with_outputs="on")
    run = Run.objects.get()
    assert (run.task_set.name, run.system.name, run.imported, run.state) == ("with", "gpt", True, "done")
    assert list(run.generations.values_list("output", flat=True)) == ["It is 0", "It is 1", "It is 2"]
    page = olga.get(f"/tasksets/{run.task_set_id}/").content.decode()
    assert f'href="/runs/{run.pk}/"' in page


def test_a_zip_with_pictures_shows_them(olga: Client) -> None:
    drawn = io.BytesIO()
    Picture.new("RGB", (3, 2), "red").save(drawn, "PNG")
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("tasks.jsonl", '{"id": "red", "image": "red.png"}\n')
        archive.writestr("red.png", drawn.getvalue())
    upload(olga, zipped.getvalue(), file_name="pictures.zip", kind="caption")
    sample, image = Sample.objects.get(), Image.objects.get()
    address = f"/tasksets/images/{image.sha256}/"
    assert (
        f'src="{address}"'
        in olga.get(reverse("tasksets:sample", args=[sample.task_set_id, sample.pk])).content.decode()
    )
    response = olga.get(address)
    assert response.content == bytes(image.data)
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_samples_stand_fifty_to_a_page_in_the_order_of_the_file(olga: Client) -> None:
    task_set = make_task_set(samples=120)
    path = f"/tasksets/{task_set.pk}/"
    keys = [[sample.key for sample in olga.get(path, {"page": page}).context["page"]] for page in (1, 2, 3)]
    assert keys == [[f"s{n}" for n in range(start, min(start + 50, 120))] for start in (0, 50, 100)]
    assert query_count(olga, path) == query_count(olga, f"/tasksets/{make_task_set('small', samples=1).pk}/")


@pytest.mark.parametrize("kind", ["qa", "summarize", "code", "caption", "classify", "chat"])
def test_a_sample_shows_what_every_run_made_of_it(olga: Client, kind: str) -> None:
    task_set = make_task_set(kind=kind)
    make_run(task_set, "imported", text="An **imported** answer")
    asked = make_asked_run(task_set, make_system("asked"))
    sample = task_set.samples.get(position=1)
    page = olga.get(f"/tasksets/{task_set.pk}/samples/{sample.pk}/").content.decode()
    assert "<strong>imported</strong> answer" in page
    assert "Answer 2" in page
    assert "200 ms, 5 tokens out, 0.000020 USD" in page
    generation = Generation.objects.get(run=asked, sample=sample)
    assert f'href="/runs/{asked.pk}/generations/{generation.pk}/"' in page
    beside = task_set.samples.filter(position__in=(0, 2)).order_by("position")
    assert [f'href="/tasksets/{task_set.pk}/samples/{each.pk}/"' in page for each in beside] == [True, True]


def test_a_sample_takes_as_many_queries_with_three_runs_as_with_one(olga: Client) -> None:
    task_set = make_task_set()
    path = f"/tasksets/{task_set.pk}/samples/{task_set.samples.get(position=0).pk}/"
    make_run(task_set, "first")
    once = query_count(olga, path)
    make_run(task_set, "second")
    make_run(task_set, "third", text=HOSTILE)
    assert query_count(olga, path) == once
    assert HOSTILE not in olga.get(path).content.decode()

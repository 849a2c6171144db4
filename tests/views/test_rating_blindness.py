"""Nothing a rater can fetch names a system."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from evalapp.models import Endpoint, Generation, Image, LanguageModel, Price, Run, Sample, System, TaskSet
from raters.models import Study
from raters.people.inviting import invite
from raters.rating import blinding
from raters.studies.closing import close_study, pause_study, resume_study
from raters.urls import rating_urls
from raters.views import invitations, rating
from tests.studies.casting import NOON, PAYLOADS, make_study
from tests.views.people import joined, rating_path, signed_in
from tests.views.test_rating_compare import FETCH, answer, lease_in

pytestmark = pytest.mark.django_db

CANARY = re.compile("canary", re.IGNORECASE)


def study_full_of_names(kind: str) -> Study:
    """Every name, file, number and note around a study's outputs holds the word; the outputs do not."""
    study = make_study("Canary study", kind=kind, samples=2, systems=("canary-mini", "canary-large"))
    endpoint = Endpoint.objects.create(name="canary endpoint", provider="simulated")
    model = LanguageModel.objects.create(endpoint=endpoint, name="canary-model")
    Price.objects.create(
        model=model,
        input_usd_per_mtok=1,
        output_usd_per_mtok=1,
        valid_from=NOON.date(),
        source_url="https://canary.example",
        checked_on=NOON.date(),
    )
    System.objects.update(model=model, system_prompt="You are canary.")
    Run.objects.update(configuration={"model": "canary-model"}, reason="canary")
    TaskSet.objects.update(name="canary tasks", source_name="canary.jsonl")
    for sample in Sample.objects.all():
        sample.key = f"canary-{sample.position}"
        sample.payload = {
            **PAYLOADS[kind],
            "reference": "canary",
            "label": "canary",
            "outputs": {"canary": "x"},
        }
        sample.save()
    for number, generation in enumerate(Generation.objects.all()):
        text = f"Text number {number}."
        generation.output = [text, text] if kind == "chat" else text
        generation.detail = {"canary": "canary"}
        generation.finish_reason = generation.served_by = generation.error = "canary"
        generation.fallback_reason = generation.error_message = "canary"
        generation.save()
    Image.objects.create(sha256="0" * 64, media_type="image/png", width=1, height=1, data=b"picture")
    return study


def everything_a_rater_can_fetch(study: Study) -> list[HttpResponseBase]:
    """Links in every state, pages, parts, refusals, pictures, endings."""
    client, rater = joined(study)
    token = invite(study, count=1, actor="olga", now=timezone.now())[0].token
    stale = invite(study, count=1, actor="olga", now=NOON.replace(year=2020))[0].token
    page = rating_path(rater)
    seen: list[HttpResponseBase] = [
        client.get(f"/join/{token}/"),
        Client().post(f"/join/{token}/"),
        client.get(f"/join/{token}/"),
        client.get(f"/join/{stale}/"),
        client.get("/join/unknown/"),
        Client().get(page),
        client.get("/rate/unknown/"),
        client.get(f"{page}picture/unknown/"),
        client.post(page, answer("wrong")),
        client.put(page),
    ]
    pause_study(study, actor="olga", now=NOON)
    seen.append(client.get(page))
    resume_study(study, actor="olga", now=NOON)
    shown = client.get(page)
    while "lease_token" in shown.text:
        if shown.context["image_url"]:
            seen.append(client.get(shown.context["image_url"]))
        lease = lease_in(shown.text)
        seen += [shown, client.get(page), client.post(page, answer(lease, "best"))]
        shown = client.post(page, answer(lease), headers=FETCH)
        seen += [client.post(page, answer(lease)), client.get(f"{page}last/"), client.get(f"{page}skip/")]
    seen += [shown, client.get(page)]
    close_study(study, actor="olga", now=NOON)
    seen += [client.get(page), client.post(page, answer("late")), client.get(f"/join/{token}/")]
    return seen


def leaks(responses: Sequence[HttpResponseBase]) -> list[str]:
    """Where the word stands in anything that was sent: bodies, headers, cookies."""
    found: list[str] = []
    for response in responses:
        assert isinstance(response, HttpResponse)
        sent = response.content.decode(errors="replace")
        sent += "".join(f"{name}: {value}\n" for name, value in response.items()) + response.cookies.output()
        found += [sent[max(0, hit.start() - 40) : hit.end() + 40] for hit in CANARY.finditer(sent)]
    return found


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_no_name_reaches_a_rater(kind: str) -> None:
    responses = everything_a_rater_can_fetch(study_full_of_names(kind))
    assert {response.status_code for response in responses} >= {200, 302, 303, 400, 404, 405, 409, 410}
    assert leaks(responses) == []


def test_every_address_of_a_rater_is_asked() -> None:
    responses: list[Any] = [*everything_a_rater_can_fetch(study_full_of_names("caption"))]
    asked = {response.resolver_match.url_name for response in responses}
    assert asked == {pattern.name for pattern in rating_urls}


def test_an_organiser_does_see_the_names() -> None:
    study = study_full_of_names("qa")
    assert leaks([signed_in().get(reverse("studies:detail", args=[study.pk]))])


def _header(monkeypatch: pytest.MonkeyPatch) -> None:
    def named(response: HttpResponse) -> HttpResponse:
        response["X-Served-By"] = System.objects.all()[0].name
        return response

    monkeypatch.setattr(rating, "sealed", named)


def _payload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blinding, "_shown", lambda _, payload: {"prompt": str(payload)})


def _title(monkeypatch: pytest.MonkeyPatch) -> None:
    def titled(request: object, template: str, context: Mapping[str, object], **more: int) -> HttpResponse:
        return HttpResponse(f"<title>{Study.objects.all()[0].name}</title>", **more)

    monkeypatch.setattr(invitations, "render", titled)


def _cookie(monkeypatch: pytest.MonkeyPatch) -> None:
    def set_cookie(response: HttpResponse) -> HttpResponse:
        response.set_cookie("last", Generation.objects.all()[0].served_by)
        return response

    monkeypatch.setattr(rating, "sealed", set_cookie)


@pytest.mark.parametrize("plant", [_header, _payload, _title, _cookie])
def test_a_planted_leak_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = study_full_of_names("qa")
    plant(monkeypatch)
    assert leaks(everything_a_rater_can_fetch(study))


def test_a_blind_comparison_has_no_room_for_a_name() -> None:
    assert blinding.BlindComparison.__slots__ == (
        "token",
        "kind",
        "prompt",
        "left",
        "right",
        "criteria",
        "graded",
        "scale",
    )

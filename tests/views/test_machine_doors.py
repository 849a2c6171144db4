"""Every address of the machine side answers each role as declared here; an address without a row fails."""

import pytest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from evalapp.models import Image
from evalapp.urls import urlpatterns
from tests.studies.casting import make_task_set
from tests.views.machine import make_asked_run, make_system
from tests.views.people import signed_in

pytestmark = pytest.mark.django_db

SIGN_IN_FIRST, HIDDEN, OPEN, WRONG_METHOD, MOVED_ON, FAULTY, MISSING = 302, 404, 200, 405, 302, 422, 404
PAGE = (SIGN_IN_FIRST, HIDDEN, OPEN), (SIGN_IN_FIRST, HIDDEN, WRONG_METHOD)
FORM = (SIGN_IN_FIRST, HIDDEN, OPEN), (SIGN_IN_FIRST, HIDDEN, FAULTY)
ACT = (SIGN_IN_FIRST, HIDDEN, WRONG_METHOD), (SIGN_IN_FIRST, HIDDEN, MOVED_ON)
UNKNOWN_LINK = (MISSING, MISSING, MISSING)

#: By name: the status of a GET and of an empty POST, each for a visitor, a researcher and an organiser.
DOORS = {
    "home": ((SIGN_IN_FIRST, OPEN, OPEN), (SIGN_IN_FIRST, WRONG_METHOD, WRONG_METHOD)),
    "sign-in": ((OPEN, MOVED_ON, MOVED_ON), (OPEN, MOVED_ON, MOVED_ON)),
    "sign-in-link": (UNKNOWN_LINK, UNKNOWN_LINK),
    "sign-out": ((WRONG_METHOD,) * 3, (MOVED_ON,) * 3),
    "account": ((SIGN_IN_FIRST, OPEN, OPEN), (SIGN_IN_FIRST, OPEN, OPEN)),
    "tasksets:list": PAGE,
    "tasksets:import": FORM,
    "tasksets:detail": PAGE,
    "tasksets:sample": PAGE,
    "tasksets:image": PAGE,
    "systems:list": PAGE,
    "systems:import": FORM,
    "systems:export": PAGE,
    "systems:price": FORM,
    "runs:list": PAGE,
    "runs:new": FORM,
    "runs:compare": PAGE,
    "runs:log": PAGE,
    "runs:distillation": PAGE,
    "runs:prices": PAGE,
    "runs:detail": PAGE,
    "runs:generation": PAGE,
    "runs:pause": ACT,
    "runs:resume": ACT,
    "runs:cancel": ACT,
    "runs:retry": ACT,
}


def addresses(patterns: list[URLPattern | URLResolver], namespace: str = "") -> dict[str, list[str]]:
    """The parts that each address needs, by its full name."""
    found: dict[str, list[str]] = {}
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= addresses(pattern.url_patterns, f"{namespace}{pattern.namespace}:")
        else:
            found[f"{namespace}{pattern.name}"] = list(pattern.pattern.regex.groupindex)
    return found


ADDRESSES = addresses(urlpatterns)


@pytest.fixture
def parts(redis_url: str) -> dict[str, object]:
    """What addresses are made of: a task set with a run, a picture, a token."""
    task_set = make_task_set(samples=1)
    run = make_asked_run(task_set, make_system(), state="paused", answered=0)
    picture = Image.objects.create(sha256="5" * 64, media_type="image/png", width=1, height=1, data=b"")
    return {
        "task_set_id": task_set.pk,
        "sample_id": task_set.samples.get().pk,
        "run_id": run.pk,
        "model_id": run.system.model_id,
        "generation_id": run.generations.get().pk,
        "sha256": picture.sha256,
        "token": "nonsense",
    }


def everybody(number: int) -> tuple[Client, Client, Client]:
    """Somebody signed out, a researcher and an organiser."""
    return Client(), signed_in(f"rita {number}", "researcher"), signed_in(f"olga {number}", "organiser")


def status(response: HttpResponseBase) -> int:
    """The status of a response; a file is read to its end, which closes it."""
    if isinstance(response, StreamingHttpResponse):
        response.getvalue()
    return response.status_code


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert sorted(ADDRESSES) == sorted(DOORS)


@pytest.mark.parametrize("name", DOORS)
def test_each_role_gets_what_is_declared(name: str, parts: dict[str, object]) -> None:
    path = reverse(name, kwargs={part: parts[part] for part in ADDRESSES[name]})
    got = tuple(status(client.get(path)) for client in everybody(1))
    posted = tuple(status(client.post(path)) for client in everybody(2))
    assert (got, posted) == DOORS[name]


@pytest.mark.parametrize(
    "name", [name for name in DOORS if name.partition(":")[0] in {"tasksets", "systems", "runs"}]
)
def test_what_does_not_exist_is_not_found_and_says_so_without_a_fault(
    name: str, parts: dict[str, object]
) -> None:
    olga = signed_in()
    for missing in ADDRESSES[name]:
        nowhere = {**parts, missing: "9" * 64 if missing == "sha256" else 2**62}
        path = reverse(name, kwargs={part: nowhere[part] for part in ADDRESSES[name]})
        response = olga.post(path) if DOORS[name] == ACT else olga.get(path)
        assert response.status_code == MISSING

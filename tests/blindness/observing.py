"""What a rater's browser is sent, seat by seat, beside what the rater must not know."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext

from evalapp.models import Generation, Image
from raters.models import Rater, Seat, Study
from tests.studies.casting import make_study
from tests.views.people import joined, rating_path

FETCH = {"X-Requested-With": "fetch"}
SAME_TEXT = "The very same text, *word* for word.\n\n- one\n- two\n"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "0500015e221dae0000000049454e44ae426082"
)
#: What is random or counts the rater's own answers. Each mask keeps the length, which could tell as well.
MASKS = [
    (re.compile(r'name="csrfmiddlewaretoken" value="([\w]{64})"'), "CSRF"),
    (re.compile(r'name="lease_token" value="([\w-]{22}\.[0-9a-f]{32}:[\w-]{43})"'), "LEASE"),
    (re.compile(r'data-token="([\w-]{22})"'), "SEAT"),
    (re.compile(r"/picture/([\w-]{22})/"), "PICTURE"),
    (re.compile(r"/rate/([\w-]{22})/"), "RATER"),
    (re.compile(r"(\d+ of \d+)"), "PROGRESS"),
    (re.compile(r'<progress id="progress" (value="\d+" max="\d+")'), "PROGRESS"),
    (re.compile(r'(data-done="\d+" data-total="\d+")'), "PROGRESS"),
    (re.compile(r"csrftoken=(\w{32});"), "COOKIE"),
    (re.compile(r"expires=([^;]+);"), "DATE"),
]
LEASE = re.compile(r'name="lease_token" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Look:
    """One response. ``left`` is the system that stood left, ``made`` the seat's place in order of creation.

    ``sent`` is status, headers, cookies and body with what is random masked; ``tokens`` are the random parts.
    """

    door: str
    rater: str
    left: str
    made: int
    sent: str
    tokens: Mapping[str, str] = field(default_factory=dict)


def twin_study(name: str = "twins", *, kind: str = "caption", samples: int) -> Study:
    """Two systems with byte-identical outputs; everything else about their generations differs."""
    study = make_study(name, kind=kind, samples=samples)
    twins = Generation.objects.filter(run__arms__study=study)
    twins.update(output=[SAME_TEXT] * 2 if kind == "chat" else SAME_TEXT)
    twins.filter(run__system__name="small").update(
        latency_ms=3.0,
        finish_reason="length",
        input_tokens=9,
        served_by="elsewhere",
        fallback_reason="timed_out",
        detail={"long": "x" * 500},
    )
    Image.objects.get_or_create(
        sha256="0" * 64, defaults={"media_type": "image/png", "width": 1, "height": 1, "data": PICTURE}
    )
    return study


def walk(study: Study, *, raters: int = 3) -> list[Look]:
    """Every rater judges everything there is, and fetches by every door what can be fetched of each seat."""
    looks: list[Look] = []
    for _ in range(raters):
        client, rater = joined(study)
        looks += _session(client, rater)
    return looks


def _session(client: Client, rater: Rater) -> Iterator[Look]:
    page = rating_path(rater)
    shown = client.get(page)
    # The first comparison of a session is a page of its own: there is nothing to go back to.
    session = "first "
    while found := LEASE.search(shown.text):
        seat = Seat.objects.get(rater=rater, state="leased")
        answer = {"lease_token": html.unescape(found[1]), "choice-overall": "left"}
        yield _look(f"{session}next", seat, shown)
        with CaptureQueriesContext(connection) as queries:
            again = client.get(page)
        # A page asked for again takes the same work whatever it shows.
        yield _look(f"{session}page", seat, again, queries=len(queries))
        yield _look(f"{session}head", seat, client.head(page), length=len(again.content))
        if "/picture/" in again.text:
            yield _look("picture", seat, client.get(f"{page}picture/{seat.token}/"))
        yield _look(f"{session}refused", seat, client.post(page, answer | {"choice-overall": "best"}))
        yield _look(f"{session}foreign", seat, client.post(page, answer | {"lease_token": "not.mine:x"}))
        shown, session = client.post(page, answer, headers=FETCH), ""
        yield _look("accepted", seat, client.post(page, answer))
        yield _look("last", seat, client.get(f"{page}last/"))


def _look(
    door: str,
    seat: Seat,
    response: HttpResponseBase,
    *,
    queries: int | None = None,
    length: int | None = None,
) -> Look:
    assert isinstance(response, HttpResponse)
    comparison = seat.comparison
    left = comparison.generation_a if seat.shown_left == "a" else comparison.generation_b
    body = response.content.decode("latin-1" if door == "picture" else "utf-8")
    tokens = {word: match[1] for pattern, word in MASKS if (match := pattern.search(body))}
    if lease := LEASE.search(body):
        tokens["LEASE"] = html.unescape(lease[1])[23:55]
    return Look(
        door=door,
        rater=str(seat.rater_id),
        left=left.run.system.name,
        made=seat.pk,
        sent=_masked(response, body, queries, len(response.content) if length is None else length),
        tokens={name: tokens[name] for name in ("SEAT", "LEASE", "CSRF", "PICTURE") if name in tokens},
    )


def _masked(response: HttpResponse, body: str, queries: int | None, length: int) -> str:
    lines = [f"{response.status_code} {response.reason_phrase}"]
    lines += [] if queries is None else [f"queries: {queries}"]
    for name, value in response.items():
        # The declared length moves with the digits of the progress; one that is not the body's would tell.
        told = str(int(value) - length) if name == "Content-Length" else value
        lines.append(f"{name}: {told}")
    text = "\n".join([*lines, response.cookies.output(), body])
    for pattern, word in MASKS:
        text = pattern.sub(partial(_mask, word), text)
    return text


def _mask(word: str, match: re.Match[str]) -> str:
    kept = "" if word in {"PROGRESS", "DATE"} else str(len(match[1]))
    return match.group().replace(match[1], f"{word}{kept}")

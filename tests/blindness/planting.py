"""Leaks of every kind, planted in the running product. A detector that misses one proves nothing."""

import base64
import hashlib
import uuid
from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from raters.models import Rater, Seat, Study

Alter = Callable[[HttpResponse, bool], None]
Retell = Callable[[Seat, bool, int], None]
#: What the middleware does to each response; set by the test that plants.
planted: list[Alter] = []


class Planted:
    """Middleware that alters a rater's response by what the rater must not know."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith("/rate/") and planted and isinstance(response, HttpResponse):
            rater = Rater.objects.get(token=request.path.split("/")[2])
            seat = Seat.objects.filter(rater=rater, state="leased").first()
            if seat is not None:
                for alter in planted:
                    alter(response, first_is_left(seat))
        return response


def nothing(response: HttpResponse, first: bool) -> None:
    """Alters nothing."""


def first_is_left(seat: Seat) -> bool:
    """Whether the first declared system stands left."""
    return seat.shown_left == "a"


def _swap(response: HttpResponse, old: str, new: str) -> None:
    response.content = response.content.replace(old.encode(), new.encode())


def _page(old: str, for_first: str, for_second: str) -> Alter:
    return lambda response, first: _swap(response, old, for_first if first else for_second)


def _header(name: str, for_first: str, for_second: str) -> Alter:
    def alter(response: HttpResponse, first: bool) -> None:
        response[name] = for_first if first else for_second

    return alter


def _hash_header(response: HttpResponse, first: bool) -> None:
    response["X-Request-Id"] = hashlib.sha256(b"small" if first else b"large").hexdigest()[:8]


def _header_order(response: HttpResponse, first: bool) -> None:
    if first:
        kept = response["Content-Type"]
        del response["Content-Type"]
        response["Content-Type"] = kept


def _cookie(response: HttpResponse, first: bool) -> None:
    response.set_cookie("seen", "1" if first else "0")


def _status(response: HttpResponse, first: bool) -> None:
    if first and response.status_code == 200:
        response.status_code = 203


def _refused_status(response: HttpResponse, first: bool) -> None:
    if first and response.status_code == 400:
        response.status_code = 422


def _reason(response: HttpResponse, first: bool) -> None:
    if first:
        response.reason_phrase = "Okay"


def _trailing_newline(response: HttpResponse, first: bool) -> None:
    response.content += b"\n" if first and response.content else b""


def _etag(response: HttpResponse, first: bool) -> None:
    response["ETag"] = f'"{hashlib.sha256(response.content[-40:] + bytes([first])).hexdigest()[:6]}"'


def _exif(response: HttpResponse, first: bool) -> None:
    if response["Content-Type"] == "image/png":
        text = b"tEXtSoftware\0" + (b"small" if first else b"large")
        response.content = response.content[:33] + len(text).to_bytes(4, "big") + text + response.content[33:]


def _picture_size(response: HttpResponse, first: bool) -> None:
    if response["Content-Type"] == "image/png" and first:
        response.content = response.content[:19] + b"\x02" + response.content[20:]


def _file_name(response: HttpResponse, first: bool) -> None:
    if response["Content-Type"] == "image/png":
        response["Content-Disposition"] = f'inline; filename="{"small" if first else "large"}.png"'


def _work(response: HttpResponse, first: bool) -> None:
    if first:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


def _redirect(response: HttpResponse, first: bool) -> None:
    if "Location" in response:
        response["Location"] += "?s=1" if first else ""


def _side_order(response: HttpResponse, first: bool) -> None:
    start, middle = (
        response.content.find(b'<section class="side side--left"'),
        response.content.find(b'<section class="side side--right"'),
    )
    end = response.content.rfind(b"</section>") + len(b"</section>")
    if first and 0 < start < middle:
        body = response.content
        response.content = body[:start] + body[middle:end] + body[start:middle] + body[end:]


#: What a middleware, a template or a view could get wrong.
RESPONSES: dict[str, Alter] = {
    "hash of the system in a header": _hash_header,
    "header order": _header_order,
    "server timing": _header("Server-Timing", "db;dur=3", "db;dur=8"),
    "different cache header": _header("Cache-Control", "no-store", "private, no-store"),
    "last modified": _header(
        "Last-Modified", "Mon, 04 May 2026 12:00:00 GMT", "Mon, 04 May 2026 12:00:01 GMT"
    ),
    "letter case of a header": _header("Content-Language", "en-gb", "en-GB"),
    "entity tag": _etag,
    "cookie": _cookie,
    "status of a page": _status,
    "status of a refusal": _refused_status,
    "reason phrase": _reason,
    "class name": _page(
        'class="side side--left"', 'class="side side--left s1"', 'class="side side--left s2"'
    ),
    "extra space": _page("<fieldset class", "<fieldset  class", "<fieldset class"),
    "trailing newline": _trailing_newline,
    "comment in the page": _page("</main>", "<!-- a --></main>", "<!-- b --></main>"),
    "length of hidden padding": _page("</main>", "<!-- xx --></main>", "<!-- xxxx --></main>"),
    "data attribute": _page('tabindex="-1"', 'tabindex="-1" data-arm="0"', 'tabindex="-1" data-arm="1"'),
    "order of attributes": _page(
        'method="post" action', 'data-answer method="post" action', 'method="post" action'
    ),
    "order of keys in JSON": _page(
        'tabindex="-1"',
        """tabindex="-1" data-x='{"l":1,"m":2}'""",
        """tabindex="-1" data-x='{"m":2,"l":1}'""",
    ),
    "alternative text": _page('alt="The picture', 'alt="A picture', 'alt="The picture'),
    "title of the page": _page("<title>Compare", "<title>Compare the", "<title>Compare"),
    "invisible character in a text": _page("The very same", "The\u200b very same", "The very same"),
    "mark of a cut text": _page("</main>", "<p>…</p></main>", "</main>"),
    "words of an error": _page("Please answer every", "Please do answer every", "Please answer every"),
    "order of the two sides": _side_order,
    "metadata of a picture": _exif,
    "size of a picture": _picture_size,
    "file name of a picture": _file_name,
    "address after an answer": _redirect,
    "number of queries": _work,
}


def _short(value: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def _time_ordered(seat: Seat, first: bool, number: int) -> None:
    moment = (1_800_000_000_000 + number) << 80
    seat.token = _short(uuid.UUID(int=moment | (7 << 76) | (2 << 62) | uuid.uuid4().int >> 66))


def _counted(seat: Seat, first: bool, number: int) -> None:
    seat.token = f"{number:022d}"


def _system_hash(seat: Seat, first: bool, number: int) -> None:
    prefix = hashlib.sha256(b"small" if first else b"large").hexdigest()[:6]
    seat.token = prefix + seat.token[6:]


def _token_length(seat: Seat, first: bool, number: int) -> None:
    seat.token = seat.token[: 21 if first else 22]


def _first_letter(seat: Seat, first: bool, number: int) -> None:
    seat.token = ("abcdef" if first else "uvwxyz")[number % 6] + seat.token[1:]


def _one_side(seat: Seat, first: bool, number: int) -> None:
    seat.shown_left = "a"


#: What the drawing of a study could get wrong.
SEATS: dict[str, Retell] = {
    "ids in order of creation": _counted,
    "version 7 UUIDs": _time_ordered,
    "hash of the system in an id": _system_hash,
    "length of an id": _token_length,
    "first letter of an id": _first_letter,
    "one system always left": _one_side,
}


def retell(study: Study, how: Retell) -> None:
    """Give every seat of a study what a faulty drawing would have given it."""
    for number, seat in enumerate(Seat.objects.filter(study=study).order_by("pk")):
        how(seat, first_is_left(seat), number)
        seat.save(update_fields=["token", "shown_left"])

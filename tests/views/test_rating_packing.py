"""A rater's page travels compressed; what repeats the request does not."""

import gzip

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from evalapp.models import Generation
from raters.models import Rater
from raters.views.packing import TAKES_GZIP
from tests.studies.casting import make_study
from tests.views.people import joined, rating_path
from tests.views.test_rating_compare import FETCH, answer, lease_in

pytestmark = pytest.mark.django_db

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
MOST_FIRST_VISIT, MOST_NEXT = 40_000, 6_000


def words(seed: int, length: int = 2_000) -> str:
    """Prose that compresses about as prose does: no two sentences alike."""
    pieces: list[str] = []
    total = 0
    while total < length:
        number = (seed * 7_919 + len(pieces) * 104_729) % 1_000_003
        pieces.append(
            f"The {number:x} rivers of {number * 31 % 99_991:x} run {number % 97} miles to the sea."
        )
        total += len(pieces[-1]) + 1
    return " ".join(pieces)[:length]


@pytest.fixture
def session() -> tuple[Client, Rater]:
    study = make_study()
    for number, generation in enumerate(Generation.objects.all()):
        generation.output = words(number)
        generation.save()
    return joined(study)


def test_a_page_is_compressed_for_a_browser_that_takes_it(session: tuple[Client, Rater]) -> None:
    client, rater = session
    plain = client.get(rating_path(rater))
    small = client.get(rating_path(rater), headers=GZIP)
    assert "Content-Encoding" not in plain
    assert small["Content-Encoding"] == "gzip"
    assert {"Accept-Encoding"} <= set(plain["Vary"].split(", ")) & set(small["Vary"].split(", "))
    assert int(small["Content-Length"]) == len(small.content)
    assert lease_in(gzip.decompress(small.content).decode()) == lease_in(plain.text)


def test_a_refusal_that_hands_a_comment_back_is_not_compressed(session: tuple[Client, Rater]) -> None:
    client, rater = session
    lease = lease_in(client.get(rating_path(rater)).text)
    refused = client.post(rating_path(rater), answer(lease, "best", comment="chosen words"), headers=GZIP)
    assert refused.status_code == 400
    assert "chosen words" in refused.text
    assert "Content-Encoding" not in refused


def test_a_page_repeats_nothing_of_the_address(session: tuple[Client, Rater]) -> None:
    client, rater = session
    assert "chosen" not in client.get(f"{rating_path(rater)}?comment=chosen").text


@pytest.mark.parametrize(
    ("header", "takes"),
    [
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.0, br", False),
        ("br", False),
    ],
)
def test_what_a_browser_takes_is_read_from_its_request(header: str, takes: bool) -> None:
    assert bool(TAKES_GZIP.search(header)) is takes


def test_two_texts_of_two_kilobytes_weigh_little(session: tuple[Client, Rater]) -> None:
    client, rater = session
    first = client.get(rating_path(rater), headers=GZIP)
    # The page, three style sheets, one script, one mark.
    files = ["css/tokens.css", "css/reading.css", "css/rating.css", "js/rating.js", "icons/mark.svg"]
    page = gzip.decompress(first.content).decode()
    assert page.count("<link ") + page.count("<script ") == len(files)
    static = 0
    for name in files:
        path = finders.find(name)
        assert isinstance(path, str)
        with open(path, "rb") as file:  # noqa: PTH123 - a finder's path comes as text
            static += len(gzip.compress(file.read(), 9))
    assert len(first.content) + static <= MOST_FIRST_VISIT, (len(first.content), static)
    following = client.post(rating_path(rater), answer(lease_in(page)), headers={**GZIP, **FETCH})
    assert following.status_code == 200
    assert len(following.content) <= MOST_NEXT

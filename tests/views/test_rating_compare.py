"""The rater's page over Django's test client."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from evalapp.models import Generation, Image
from raters.invariants import violations
from raters.models import Answer, Judgment, Rater, Seat
from raters.rating.releasing import release_expired
from raters.studies.closing import close_study, pause_study
from raters.studies.protocol import Criterion
from tests.studies.casting import NOON, PAYLOADS, make_study
from tests.views.people import joined, rating_path

pytestmark = pytest.mark.django_db

FETCH = {"X-Requested-With": "fetch"}
#: Session, rater, standing, claim, comparison.
PAGE_QUERIES = 5
#: The same, and for the answer: standing, its seat, storing it.
ANSWER_QUERIES = 8


def lease_in(page: str) -> str:
    """The hidden field of the form."""
    found = re.search(r'name="lease_token" value="([^"]+)"', page)
    assert found
    return html.unescape(found[1])


def answer(lease: str, choice: str = "left", **more: str) -> dict[str, str]:
    return {"lease_token": lease, "choice-overall": choice, **more}


def test_the_page_shows_both_outputs_and_keeps_showing_them() -> None:
    client, rater = joined(make_study())
    first = client.get(rating_path(rater))
    assert first.status_code == 200
    assert first["Cache-Control"] == "no-store"
    assert "ETag" not in first
    comparison = first.context["comparison"]
    assert {comparison.left.split()[0], comparison.right.split()[0]} == {"small", "large"}
    again = client.get(rating_path(rater))
    assert again.context["comparison"] == comparison
    assert lease_in(again.text) == lease_in(first.text)


def test_a_plain_post_stores_the_answer_and_leads_back() -> None:
    client, rater = joined(make_study())
    lease = lease_in(client.get(rating_path(rater)).text)
    response = client.post(
        rating_path(rater), answer(lease, "both_bad", comment="hm", opened_ms="9000", active_ms="1")
    )
    assert (response.status_code, response["Location"]) == (303, rating_path(rater))
    assert response["Cache-Control"] == "no-store"
    judgment = Judgment.objects.get()
    assert (judgment.rater, judgment.status, judgment.comment) == (rater, "counted", "hm")
    assert Answer.objects.get().choice_shown == "both_bad"
    assert lease_in(client.get(rating_path(rater)).text) != lease


def test_a_post_by_script_answers_with_the_next_comparison() -> None:
    client, rater = joined(make_study())
    lease = lease_in(client.get(rating_path(rater)).text)
    response = client.post(rating_path(rater), answer(lease), headers=FETCH)
    assert response.status_code == 200
    assert response.text.lstrip().startswith("<main")
    assert lease_in(response.text) != lease
    assert response.context["progress"].done == 1
    assert lease_in(client.get(rating_path(rater)).text) == lease_in(response.text)


def test_sending_the_same_form_again_adds_nothing_and_shows_the_same_next_comparison() -> None:
    client, rater = joined(make_study())
    lease = lease_in(client.get(rating_path(rater)).text)
    pages = [client.post(rating_path(rater), answer(lease), headers=FETCH) for _ in range(3)]
    assert len({lease_in(page.text) for page in pages}) == 1
    assert {page.context["progress"].done for page in pages} == {1}
    assert Judgment.objects.count() == 1


def test_a_whole_study_ends_in_thanks() -> None:
    client, rater = joined(make_study(samples=3))
    page = client.get(rating_path(rater))
    for number in range(3):
        assert page.context["progress"].done == number
        page = client.post(rating_path(rater), answer(lease_in(page.text)), headers=FETCH)
    assert page.status_code == 200
    assert "Thank you" in page.text
    assert "Thank you" in client.get(rating_path(rater)).text
    assert Judgment.objects.count() == 3


def test_an_answer_with_a_gap_comes_back_with_what_was_entered() -> None:
    criteria = (Criterion("overall", "Which is better?"), Criterion("tone", "Which is kinder?"))
    client, rater = joined(make_study(criteria=criteria))
    lease = lease_in(client.get(rating_path(rater)).text)
    response = client.post(rating_path(rater), answer(lease, "left", comment="so far"))
    assert response.status_code == 400
    assert "Please answer every question." in response.text
    assert "so far" in response.text
    assert re.search(r'name="choice-overall" value="left"[^>]* checked', response.text)
    assert lease_in(response.text) == lease
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("lease", ["", "nonsense", "a.b:c", "x" * 5_000, "\0"])
def test_a_lease_that_was_never_given_stores_nothing(lease: str) -> None:
    client, rater = joined(make_study())
    response = client.post(rating_path(rater), answer(lease))
    assert response.status_code == 409
    assert "was not stored" in response.text
    assert not Judgment.objects.exists()


def test_another_raters_lease_stores_nothing() -> None:
    study = make_study()
    client, rater = joined(study)
    other_client, other = joined(study)
    theirs = lease_in(other_client.get(rating_path(other)).text)
    assert client.post(rating_path(rater), answer(theirs)).status_code == 409
    assert not Judgment.objects.exists()


def test_a_late_answer_to_a_seat_that_is_gone_is_kept_and_the_rater_told() -> None:
    study = make_study(samples=2, raters_per_sample=1)
    client, rater = joined(study)
    other_client, other = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    release_expired(now=timezone.now() + timedelta(hours=2))
    page = other_client.get(rating_path(other))
    while "Thank you" not in page.text:
        page = other_client.post(rating_path(other), answer(lease_in(page.text)), headers=FETCH)
    response = client.post(rating_path(rater), answer(lease))
    assert response.status_code == 200
    assert Judgment.objects.get(rater=rater).status == "surplus"
    assert not list(violations())


def test_a_surplus_answer_is_explained_beside_the_next_comparison() -> None:
    study = make_study(samples=3, raters_per_sample=1)
    client, rater = joined(study)
    other_client, other = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    seat = Seat.objects.get(rater=rater)
    release_expired(now=timezone.now() + timedelta(hours=2))
    Seat.objects.filter(pk=seat.pk).update(place=-1)
    other.cursor.place_a = other.cursor.place_b = -2
    other.cursor.sides = seat.shown_left
    other.cursor.save()
    other_client.get(rating_path(other))
    assert Seat.objects.get(pk=seat.pk).rater == other
    response = client.post(rating_path(rater), answer(lease))
    assert response.status_code == 200
    assert "Your answer is kept, but not counted." in response.text
    assert lease_in(response.text) != lease


def test_a_paused_study_takes_the_answer_and_says_it_is_paused() -> None:
    study = make_study()
    client, rater = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    pause_study(study, actor="olga", now=NOON)
    response = client.post(rating_path(rater), answer(lease), headers=FETCH)
    assert response.status_code == 200
    assert "This study is paused" in response.text
    assert Judgment.objects.count() == 1


def test_a_closed_study_takes_nothing_and_says_it_is_closed() -> None:
    study = make_study()
    client, rater = joined(study)
    lease = lease_in(client.get(rating_path(rater)).text)
    close_study(study, actor="olga", now=NOON)
    response = client.post(rating_path(rater), answer(lease), headers=FETCH)
    assert response.status_code == 409
    assert "This study is closed" in response.text
    assert not Judgment.objects.exists()


def test_somebody_elses_page_is_not_found_and_says_no_more_than_an_unknown_one() -> None:
    study = make_study()
    _, rater = joined(study)
    stranger, _ = joined(study)
    pages = [stranger.get(path) for path in (rating_path(rater), "/rate/unknown/")]
    pages += [Client().get(rating_path(rater)), stranger.post(rating_path(rater), answer("x"))]
    assert [page.status_code for page in pages] == [404] * 4
    assert len({page.text for page in pages}) == 1


def test_a_post_without_the_forms_token_is_refused() -> None:
    study = make_study()
    client, rater = joined(study)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert strict.post(rating_path(rater), answer("x")).status_code == 403


def test_a_page_and_an_answer_take_few_queries_whatever_the_size_of_the_study() -> None:
    counts = []
    for name, samples in (("one", 2), ("two", 40)):
        client, rater = joined(make_study(name, samples=samples, systems=(f"{name} s", f"{name} l")))
        with CaptureQueriesContext(
            connection,
        ) as page_queries:
            page = client.get(rating_path(rater))
        with CaptureQueriesContext(connection) as answer_queries:
            client.post(rating_path(rater), answer(lease_in(page.text)), headers=FETCH)
        counts.append((_statements(page_queries), _statements(answer_queries)))
    assert counts == [(PAGE_QUERIES, ANSWER_QUERIES)] * 2


def _statements(captured: CaptureQueriesContext) -> int:
    """Without the marks of the test's own nested transactions."""
    return sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries)


@pytest.mark.parametrize("kind", sorted(PAYLOADS))
def test_every_kind_is_shown_without_what_would_sway_a_rater(kind: str) -> None:
    client, rater = joined(make_study(kind=kind))
    page = client.get(rating_path(rater))
    assert page.status_code == 200
    assert "SECRET" not in page.text
    assert 'name="choice-overall"' in page.text
    for field, value in page.context["comparison"].prompt.items():
        assert PAYLOADS[kind][field] == value


def test_the_picture_goes_to_the_rater_who_holds_its_seat_and_to_nobody_else() -> None:
    Image.objects.create(sha256="0" * 64, media_type="image/png", width=1, height=1, data=b"picture")
    study = make_study(kind="caption")
    client, rater = joined(study)
    page = client.get(rating_path(rater))
    path = page.context["image_url"]
    assert path in page.text
    image = client.get(path)
    assert (image.status_code, image["Content-Type"], image.content) == (200, "image/png", b"picture")
    assert image["Cache-Control"] == "no-store"
    assert "ETag" not in image
    other_client, other = joined(study)
    seat_token = path.split("/")[-2]
    for browser, address in (
        (Client(), path),
        (other_client, path),
        (other_client, f"{rating_path(other)}picture/{seat_token}/"),
        (client, f"{rating_path(rater)}picture/nothing/"),
    ):
        assert browser.get(address).status_code == 404


def test_the_text_of_an_output_is_never_taken_for_markup() -> None:
    study = make_study()
    Generation.objects.update(output="<script>alert(1)</script><img src=x onerror=alert(1)>")
    client, rater = joined(study)
    page = client.get(rating_path(rater)).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_rater_who_left_is_told_that_it_is_over() -> None:
    client, rater = joined(make_study())
    Rater.objects.filter(pk=rater.pk).update(state="left")
    assert "This study is closed" in client.get(rating_path(rater)).text

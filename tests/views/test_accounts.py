"""Signing in and out, and one's own account."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from evalapp.accounts.signing_in import VALID_FOR, issue_link
from evalapp.models import Account, SignInLink
from tests.views.people import account, signed_in

pytestmark = pytest.mark.django_db

GOOD = "corn flakes at midnight"
OTHER = "porridge in the morning"


def with_password(name: str = "olga") -> Account:
    """An organiser who can sign in with a password."""
    found = account(name, "organiser")
    found.set_password(GOOD)
    found.save()
    return found


def link_path(person: Account, *, age: timedelta = timedelta()) -> str:
    """Where a link of the person leads."""
    return f"/sign-in/{issue_link(person, now=timezone.now() - age)}/"


def is_in(client: Client) -> bool:
    """Whether the browser is signed in."""
    return client.get("/account/").status_code == 200


def sign_in(client: Client, password: str, *, name: str = "olga", **options: str) -> int:
    """The status of an attempt to sign in by name and password."""
    return client.post("/sign-in/", {"username": name, "password": password}, **options).status_code  # type: ignore[arg-type]


def test_opening_a_link_shows_a_button_and_changes_nothing() -> None:
    client, path = Client(), link_path(account("olga", "organiser"))
    for _ in range(2):
        response = client.get(path)
        assert response.status_code == 200
        assert '<button class="button button--primary" type="submit">Sign in</button>' in response.text
    assert client.head(path).status_code == 200
    assert not is_in(client)
    assert SignInLink.objects.get().used_at is None


def test_the_button_signs_in_and_uses_the_link_up() -> None:
    client, path = Client(), link_path(account("olga", "organiser"))
    response = client.post(path)
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert is_in(client)
    for again in (Client().get(path), Client().post(path)):
        assert again.status_code == 410
        assert "This link has been used" in again.text
        assert "create_organiser" in again.text


def test_an_expired_link_says_so() -> None:
    path = link_path(account("olga", "organiser"), age=VALID_FOR)
    for response in (Client().get(path), Client().post(path)):
        assert response.status_code == 410
        assert "This link has expired" in response.text


def test_an_unknown_link_says_what_may_be_wrong() -> None:
    for response in (Client().get("/sign-in/nonsense/"), Client().post("/sign-in/nonsense/")):
        assert response.status_code == 404
        assert "Check that the address was copied whole" in response.text


def test_a_link_is_nothing_without_the_page_that_shows_it() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link_path(account("olga", "organiser"))).status_code == 403
    assert SignInLink.objects.get().used_at is None


def test_a_link_page_is_kept_by_nobody() -> None:
    response = Client().get(link_path(account("olga", "organiser")))
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Referrer-Policy"] == "same-origin"


def test_name_and_password_sign_in_and_lead_where_one_wanted_to_go() -> None:
    with_password()
    client = Client()
    response = client.post("/sign-in/?next=/runs/", {"username": "olga", "password": GOOD, "next": "/runs/"})
    assert (response.status_code, response.headers["Location"]) == (302, "/runs/")
    assert is_in(client)


def test_nobody_is_led_to_another_site() -> None:
    with_password()
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        response = Client().post("/sign-in/", {"username": "olga", "password": GOOD, "next": target})
        assert response.headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer() -> None:
    with_password()
    pages = [
        Client().post("/sign-in/", {"username": name, "password": "wrong"}) for name in ("olga", "nobody")
    ]
    errors = [list(page.context["form"].non_field_errors()) for page in pages]
    assert errors[0] == errors[1]
    assert "correct username and password" in errors[0][0]


def test_an_account_without_a_password_cannot_be_guessed_into() -> None:
    account("olga", "organiser")
    assert [sign_in(Client(), guess) for guess in ("", "!", "None")] == [200, 200, 200]


def test_guessing_is_stopped_and_the_owner_elsewhere_is_not_locked_out() -> None:
    with_password()
    guesser = Client()
    statuses = [sign_in(guesser, f"guess {number}", REMOTE_ADDR="192.0.2.1") for number in range(20)]
    assert statuses.count(200) < 20
    assert statuses[-1] == 429
    assert sign_in(guesser, GOOD, REMOTE_ADDR="192.0.2.1") == 429
    assert sign_in(Client(), GOOD, REMOTE_ADDR="192.0.2.2") == 302


def test_signing_out_needs_a_press_of_the_button() -> None:
    client = signed_in()
    assert client.get("/sign-out/").status_code == 405
    assert is_in(client)
    response = client.post("/sign-out/")
    assert (response.status_code, response.headers["Location"]) == (302, "/sign-in/")
    assert not is_in(client)


def test_who_came_by_a_link_sets_a_password_without_the_old_one() -> None:
    client, olga = Client(), with_password()
    client.post(link_path(olga))
    response = client.post("/account/", {"new_password1": OTHER, "new_password2": OTHER})
    assert (response.status_code, response.headers["Location"]) == (302, "/account/")
    assert is_in(client)
    assert sign_in(Client(), OTHER) == 302


def test_who_came_by_password_is_asked_for_it_before_it_changes() -> None:
    with_password()
    client = Client()
    sign_in(client, GOOD)
    without = client.post("/account/", {"new_password1": OTHER, "new_password2": OTHER})
    assert (without.status_code, list(without.context["form"].errors)) == (200, ["old_password"])
    assert sign_in(Client(), OTHER) == 200
    client.post("/account/", {"old_password": GOOD, "new_password1": OTHER, "new_password2": OTHER})
    assert is_in(client)
    assert sign_in(Client(), OTHER) == 302


def test_a_new_password_ends_the_sessions_elsewhere() -> None:
    with_password()
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        sign_in(client, GOOD)
    here.post("/account/", {"old_password": GOOD, "new_password1": OTHER, "new_password2": OTHER})
    assert (is_in(here), is_in(elsewhere)) == (True, False)


@pytest.mark.parametrize("weak", ["short", "password123", "12345678901"])
def test_a_weak_password_is_not_taken(weak: str) -> None:
    client = signed_in()
    response = client.post("/account/", {"new_password1": weak, "new_password2": weak})
    assert response.status_code == 200
    assert "new_password2" in response.context["form"].errors


def test_the_account_page_is_for_whoever_is_signed_in() -> None:
    assert Client().get("/account/").headers["Location"] == "/sign-in/?next=/account/"
    page = signed_in("rita", "researcher").get("/account/")
    assert page.status_code == 200
    assert "Researcher" in page.text


def test_who_is_signed_in_already_is_sent_home_from_the_sign_in_page() -> None:
    assert signed_in().get("/sign-in/").headers["Location"] == "/"

"""``manage.py create_organiser``: the way in for the first organiser."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from evalapp.models import Account, SignInLink

pytestmark = pytest.mark.django_db


def made(*options: str) -> str:
    """What the command prints."""
    out = StringIO()
    call_command("create_organiser", *options, stdout=out)
    return out.getvalue()


def test_the_printed_link_signs_a_new_organiser_in() -> None:
    said = made("--base-url", "https://eval.example.org/")
    address = said.splitlines()[-1]
    assert address.startswith("https://eval.example.org/sign-in/")
    account = Account.objects.get()
    assert (account.username, account.role, account.has_usable_password()) == (
        "organiser",
        "organiser",
        False,
    )
    client = Client()
    assert client.post(address.removeprefix("https://eval.example.org")).status_code == 302
    assert client.get("/").status_code == 200


def test_the_secret_itself_is_not_stored() -> None:
    token = made().split("/sign-in/")[1].strip().rstrip("/")
    link = SignInLink.objects.get()
    assert token not in link.token_hash
    assert len(token) >= 22


def test_for_an_account_that_stands_only_a_new_link_is_made() -> None:
    first, second = made("--name", "olga"), made("--name", "olga")
    assert first != second
    assert Account.objects.count() == SignInLink.objects.count() == 1


def test_a_researcher_is_made_on_request_and_with_json_one_object_is_printed() -> None:
    said = json.loads(made("--name", "rita", "--role", "researcher", "--json"))
    assert (said["name"], said["role"]) == ("rita", "researcher")
    assert "/sign-in/" in said["link"]


def test_an_account_does_not_change_its_role_by_the_way() -> None:
    made("--name", "rita", "--role", "researcher")
    with pytest.raises(CommandError, match="rita exists with the role researcher; choose another --name"):
        made("--name", "rita")
    assert Account.objects.get().role == "researcher"

"""The fixed cast of the page tests."""

from django.test import Client

from evalapp.models import Account
from raters.models import Rater, Study
from raters.people.inviting import invite
from tests.studies.casting import NOON


def account(name: str, role: str) -> Account:
    """Somebody who can sign in."""
    return Account.objects.create(username=name, role=role, password="!")


def signed_in(name: str = "olga", role: str = "organiser") -> Client:
    """The browser of an organiser, or of somebody with another role."""
    client = Client()
    client.force_login(account(name, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def invitation_paths(study: Study, count: int = 1) -> list[str]:
    """Where fresh invitations lead; they stay good for a hundred years."""
    issued = invite(study, count=count, actor="olga", now=NOON, days=36_500)
    return [f"/join/{each.token}/" for each in issued]


def joined(study: Study, client: Client | None = None) -> tuple[Client, Rater]:
    """A browser that has just joined, and its rater."""
    client = client or Client()
    (path,) = invitation_paths(study)
    assert client.post(path).status_code == 302
    return client, study.raters.order_by("-pk")[0]


def rating_path(rater: Rater) -> str:
    """The address of a rater's page."""
    return f"/rate/{rater.token}/"

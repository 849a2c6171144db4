"""The addresses that the demonstration prints: everybody's way in."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from evalapp.accounts import signing_in
from evalapp.models.accounts import Role
from raters.models import Study
from raters.people import inviting

RATERS = 3
ACTOR = "demonstration"


@dataclass(frozen=True, slots=True)
class Links:
    """Full addresses; each works once."""

    organiser: str
    researcher: str
    raters: tuple[str, ...]


def make_links(study: Study, base_url: str) -> Links:
    """Fresh links. Raters who have joined get one that leads back to them; nobody's work starts anew."""
    now = timezone.now()
    known = list(study.raters.order_by("id")[:RATERS])
    tokens = [inviting.reissue(rater, actor=ACTOR, now=now).token for rater in known]
    missing = RATERS - len(known)
    if missing:
        tokens += [each.token for each in inviting.invite(study, count=missing, actor=ACTOR, now=now)]
    return Links(
        organiser=_sign_in("organiser", Role.ORGANISER, base_url),
        researcher=_sign_in("researcher", Role.RESEARCHER, base_url),
        raters=tuple(base_url + reverse("rating:join", args=[token]) for token in tokens),
    )


def _sign_in(name: str, role: Role, base_url: str) -> str:
    account = signing_in.account_named(name, role)
    return base_url + reverse("sign-in-link", args=[signing_in.issue_link(account, now=timezone.now())])

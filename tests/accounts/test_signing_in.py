"""A sign-in link lets one person in once, for a day."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from evalapp.accounts.signing_in import LinkState, account_named, issue_link, state_of, use_link
from evalapp.models import SignInLink
from evalapp.models.accounts import Role

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
MOMENT = timedelta(microseconds=1)


@pytest.mark.django_db
def test_a_link_is_good_once_and_then_used() -> None:
    account = account_named("olga", Role.ORGANISER)
    token = issue_link(account, now=NOON)
    assert state_of(token, now=NOON) is LinkState.GOOD
    assert use_link(token, now=NOON) == account
    assert state_of(token, now=NOON) is LinkState.USED
    assert use_link(token, now=NOON) is None


@pytest.mark.django_db
def test_looking_at_a_link_changes_nothing() -> None:
    token = issue_link(account_named("olga", Role.ORGANISER), now=NOON)
    before = list(SignInLink.objects.values())
    for _ in range(3):
        state_of(token, now=NOON)
    assert list(SignInLink.objects.values()) == before


@pytest.mark.django_db
def test_a_link_ends_after_a_day() -> None:
    token = issue_link(account_named("olga", Role.ORGANISER), now=NOON)
    assert state_of(token, now=NOON + DAY - MOMENT) is LinkState.GOOD
    assert state_of(token, now=NOON + DAY) is LinkState.EXPIRED
    assert use_link(token, now=NOON + DAY) is None


@pytest.mark.django_db
def test_an_unknown_link_and_that_of_a_closed_account_are_alike() -> None:
    account = account_named("olga", Role.ORGANISER)
    token = issue_link(account, now=NOON)
    account.is_active = False
    account.save()
    assert state_of(token, now=NOON) is state_of("nothing", now=NOON) is LinkState.UNKNOWN
    assert use_link(token, now=NOON) is use_link("nothing", now=NOON) is None


@pytest.mark.django_db
def test_only_a_hash_is_stored_and_every_link_is_another() -> None:
    account = account_named("olga", Role.ORGANISER)
    tokens = {issue_link(account, now=NOON) for _ in range(50)}
    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {22}
    (stored,) = SignInLink.objects.all()
    assert stored.token_hash in {hashlib.sha256(token.encode()).hexdigest() for token in tokens}


@pytest.mark.django_db
def test_a_fresh_link_ends_the_one_before() -> None:
    account = account_named("olga", Role.ORGANISER)
    first, second = issue_link(account, now=NOON), issue_link(account, now=NOON)
    assert (state_of(first, now=NOON), state_of(second, now=NOON)) == (LinkState.UNKNOWN, LinkState.GOOD)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_one_gets_in() -> None:
    token = issue_link(account_named("olga", Role.ORGANISER), now=NOON)

    def enter(_: int) -> bool:
        try:
            return use_link(token, now=NOON) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(enter, range(16))) == 1

"""The server's clock bounds what a browser reports."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raters.rating.timing import MOST_ACTIVE_MS, Reported, milliseconds, timing
from tests.studies.casting import NOON

MINUTE = timedelta(minutes=1)
numbers = st.none() | st.integers(0, 10**12)


def test_a_comparison_was_opened_when_its_seat_was_leased() -> None:
    times = timing(Reported(5_000, 1_000, 4_000), leased_at=NOON, now=NOON + MINUTE)
    assert times.opened_at == NOON
    assert times.first_action_at == NOON + timedelta(seconds=56)
    assert times.active_ms == 4_000


def test_without_a_lease_time_the_browser_is_believed() -> None:
    times = timing(Reported(30_000, None, None), leased_at=None, now=NOON)
    assert times.opened_at == NOON - timedelta(seconds=30)


def test_without_a_script_only_the_servers_times_are_stored() -> None:
    times = timing(Reported(), leased_at=NOON, now=NOON + MINUTE)
    assert (times.opened_at, times.first_action_at, times.active_ms) == (NOON, None, None)


@given(opened=numbers, first=numbers, active=numbers, leased=st.none() | st.integers(-10_000, 10_000))
def test_times_always_run_forward(
    opened: int | None, first: int | None, active: int | None, leased: int | None
) -> None:
    leased_at = None if leased is None else NOON - timedelta(seconds=leased)
    times = timing(Reported(opened, first, active), leased_at=leased_at, now=NOON)
    assert times.opened_at <= times.submitted_at == NOON
    if times.first_action_at is not None:
        assert times.opened_at <= times.first_action_at <= NOON
    if times.active_ms is not None:
        assert 0 <= times.active_ms <= MOST_ACTIVE_MS


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("1500", 1500),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 13, None),
        ("x", None),
    ],
)
def test_anything_but_whole_milliseconds_is_passed_over(text: str, value: int | None) -> None:
    assert milliseconds(text) == value

"""The drawn tree of errors is the real one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from evalapp.providers import errors
from evalapp.providers.errors import ConnectionFailed, ProviderError, RateLimited


def below(kind: type[ProviderError], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from below(child, depth + 1)


def test_the_tree_in_the_documentation_is_the_tree_of_the_classes() -> None:
    tree = (errors.__doc__ or "").split("\n\n")[1]
    drawn = re.findall(r"^([│ ├└─]*)(\w+)", tree, flags=re.MULTILINE)
    assert sorted((len(lines) // 4, name) for lines, name in drawn) == sorted(below(ProviderError))


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = [getattr(errors, name) for _, name in below(ProviderError)]
    assert len({kind.code for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("name", [name for _, name in below(ProviderError)])
def test_what_stops_more_than_one_call_cannot_be_mended_by_asking_again(name: str) -> None:
    kind = getattr(errors, name)
    assert kind.permanent or kind.stops == "nothing"


def test_an_error_says_its_code_and_what_happened() -> None:
    error = RateLimited("slow down", raw="{}", http_status=429, retry_after_s=2.0)
    assert (str(error), error.raw, error.http_status, error.retry_after_s, error.usage) == (
        "rate_limited: slow down",
        "{}",
        429,
        2.0,
        None,
    )


@pytest.mark.parametrize("sent", [True, False])
def test_a_broken_connection_costs_nothing_when_nothing_was_sent(sent: bool) -> None:
    assert ConnectionFailed("gone", sent=sent).may_be_billed is sent

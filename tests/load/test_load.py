"""Many real HTTP clients on the real web server: exactly three judgments each, whatever happens."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from raters.models import Judgment, Study
from tests.load.crowd import assert_exactly_three, judge_all
from tests.load.serving import WebServer
from tests.studies.casting import make_study

pytestmark = pytest.mark.django_db(transaction=True)

UNGUARDED = "tests.load.unguarded:application"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebServer]:
    """The running web server."""
    with WebServer(tmp_path / "web.log") as running:
        yield running


def test_twenty_clients_with_two_tabs_each_leave_exactly_three_judgments_everywhere(web: WebServer) -> None:
    study = make_study(samples=60)
    told = judge_all(study, web.port, clients=20)
    assert_exactly_three(study, told, 60)
    assert told.doubled > 0
    assert Judgment.objects.filter(status="surplus").exists()


def test_its_twin_without_the_look_at_who_has_the_seat_fails(tmp_path: Path) -> None:
    with WebServer(tmp_path / "web.log", UNGUARDED) as web:
        study = make_study(samples=60)
        told = judge_all(study, web.port, clients=20)
    with pytest.raises(AssertionError):
        assert_exactly_three(study, told, 60)


@pytest.mark.slow
def test_fifty_clients_on_two_hundred_comparisons_leave_exactly_three_judgments_everywhere(
    web: WebServer,
) -> None:
    study = make_study(samples=200)
    told = judge_all(study, web.port, clients=50)
    assert_exactly_three(study, told, 200)


@pytest.mark.slow
def test_every_accepted_answer_is_stored_once_though_the_server_is_killed(web: WebServer) -> None:
    study = make_study(samples=334)
    over = threading.Event()
    killer = threading.Thread(target=_kill_at, args=(web, study, (150, 400, 700), over))
    killer.start()
    try:
        told = judge_all(study, web.port, clients=20)
    finally:
        over.set()
        killer.join()
    assert_exactly_three(study, told, 334)
    assert told.lost > 0


def _kill_at(web: WebServer, study: Study, counts: tuple[int, ...], over: threading.Event) -> None:
    """Kill and restart the server when so many judgments are stored."""
    from django.db import connection

    for count in counts:
        while Judgment.objects.filter(study=study).count() < count and not over.is_set():
            time.sleep(0.02)
        web.kill()
        web.start()
    connection.close()

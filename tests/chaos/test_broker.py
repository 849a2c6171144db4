"""A broker that dies, forgets, stays away or says everything three times: it is only the doorbell."""

import signal
from collections.abc import Iterator

import httpx2
import pytest

from evalapp.models import Run
from operating import services
from tests.chaos.machines import Machine, wait_until
from tests.chaos.world import (
    BASE_DIR,
    MOST_OPEN,
    SWEPT,
    World,
    check_ledger,
    plan,
    states,
    wait_until_asked,
    wait_until_over,
)
from tests.plugins.stack import free_port
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer
from tests.views.people import signed_in

REQUEST_PATIENCE_S = 15.0


@pytest.fixture
def site(world: World) -> Iterator[httpx2.Client]:
    """An organiser's connection to a real web server of this world."""
    port = free_port()
    web = Machine(
        lambda: services.web(BASE_DIR, host="127.0.0.1", port=port), world.root / "web.log", world.environment
    )
    web.start()
    address = f"http://127.0.0.1:{port}"
    cookies = {"sessionid": signed_in().cookies["sessionid"].value}
    with httpx2.Client(base_url=address, cookies=cookies, timeout=REQUEST_PATIENCE_S) as client:
        wait_until(lambda: answers(client), "the web server answers")
        yield client
    web.end(signal.SIGKILL)


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/runs/").status_code == 200
    except httpx2.TransportError:
        return False


def test_a_broker_killed_started_again_and_flushed_mid_run_loses_nothing(
    world: World, server: OpenAIServer
) -> None:
    worker = world.worker()
    run = plan(server, 90)
    world.ring(run)
    wait_until_asked(server, 15)
    world.valkey.end(signal.SIGKILL)
    wait_until_asked(server, 35)
    world.valkey.start()
    wait_until_asked(server, 50)
    world.flush()
    worker.kill_child()
    wait_until_over(run)
    assert states(run) == {"done": 90}
    check_ledger(run, server)
    assert server.count - 90 <= run.calls.filter(state="unknown").count() <= MOST_OPEN


def test_a_run_whose_announcement_was_lost_is_done_all_the_same(world: World, server: OpenAIServer) -> None:
    world.worker()
    run = plan(server, 10)
    wait_until_over(run)
    assert states(run) == {"done": 10}


def test_without_announcing_again_it_waits_for_ever(world: World, server: OpenAIServer) -> None:
    worker = world.worker("without_announcing")
    run = plan(server, 10)
    before = worker.machine.said.count(SWEPT)
    wait_until(lambda: worker.machine.said.count(SWEPT) >= before + 3, "three sweeps have passed")
    assert states(run) == {"pending": 10}


def test_with_the_broker_away_runs_end_and_begin_later_and_no_page_fails(
    world: World, server: OpenAIServer, site: httpx2.Client
) -> None:
    world.worker()
    run = plan(server, 60)
    world.ring(run)
    wait_until_asked(server, 10)
    world.valkey.end(signal.SIGKILL)
    try:
        assert begin_another(site, run).status_code == 302
        for page in ("/", "/runs/", f"/runs/{run.pk}/", "/tasksets/", "/systems/"):
            assert site.get(page).status_code == 200, page
        wait_until_over(run)
        assert states(run) == {"done": 60}
        assert server.count == 60
        later = Run.objects.exclude(pk=run.pk).get()
        assert states(later) == {"pending": 60}
    finally:
        world.valkey.start()
    wait_until_over(later)
    assert states(later) == {"done": 60}


def begin_another(site: httpx2.Client, run: Run) -> httpx2.Response:
    """Start the same run again by the page's form."""
    form = site.get("/runs/new/")
    token = form.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    chosen = {
        "csrfmiddlewaretoken": token,
        "task_set": str(run.task_set_id),
        "systems": str(run.system_id),
    }
    return site.post("/runs/new/", data=chosen)


def test_every_message_delivered_three_times_asks_nothing_twice(world: World, server: OpenAIServer) -> None:
    assert asked_when_told_three_times(world, server, "") == 60


def test_without_the_claims_condition_messages_delivered_three_times_ask_twice(
    world: World, server: OpenAIServer
) -> None:
    assert asked_when_told_three_times(world, server, "without_claim") > 60


def asked_when_told_three_times(world: World, server: OpenAIServer, altered: str) -> int:
    """How often the model server is asked for 60 samples whose run is announced three times over."""
    server.default = behaviours.ok("fine", delay_s=0.3)
    world.worker(altered)
    run = plan(server, 60)
    for _ in range(3):
        world.ring(run)
    wait_until_over(run)
    assert states(run)["done"] == 60
    return server.count

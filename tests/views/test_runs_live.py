"""A run started on the page, answered by a real worker, followed in a real browser."""

from playwright.sync_api import Page, expect

from evalapp.models import Generation, Run, System, TaskSet
from evalapp.models.generation import GenerationState
from tests.studies.casting import make_run, make_task_set
from tests.views.machine import make_system
from tests.views.people import signed_in


def sign_in(page: Page, address: str) -> None:
    """Let the browser in as an organiser, by the session of a test client."""
    cookie = signed_in().cookies["sessionid"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": address}])


def make_questions(count: int) -> TaskSet:
    """A task set of so many different questions, so that none is answered from the cache."""
    task_set = make_task_set(samples=count)
    for sample in task_set.samples.all():
        sample.payload = {"prompt": f"How far is it to place {sample.position}?"}
        sample.save()
    return task_set


def make_slow_system(*, latency_ms: float, concurrency: int) -> System:
    """A system that takes its time."""
    system = make_system("steady")
    assert system.model is not None
    system.model.endpoint.options = {"latency_ms": latency_ms}
    system.model.endpoint.concurrency = concurrency
    system.model.endpoint.save()
    return system


def start(page: Page, address: str, system: System, task_set_id: int) -> None:
    """Fill in the form and send it."""
    page.goto(f"{address}/runs/new/?task_set={task_set_id}")
    page.get_by_label(system.name).check()
    page.get_by_role("button", name="Start").click()


def test_progress_moves_and_figures_appear_without_a_reload(live_stack: str, page: Page) -> None:
    task_set, system = make_questions(40), make_slow_system(latency_ms=400, concurrency=4)
    make_run(task_set, "another")
    sign_in(page, live_stack)
    start(page, live_stack, system, task_set.pk)
    progress = page.get_by_role("progressbar", name="Outputs so far")
    expect(page.get_by_text("requests a second")).to_be_visible()
    expect(progress).to_have_attribute("value", "40", timeout=60_000)
    expect(page.get_by_role("heading", name="Speed, tokens and cost")).to_be_visible()
    expect(page.get_by_role("link", name="Open a study")).to_be_visible()
    run = Run.objects.get(system=system)
    assert run.state == "done"
    assert list(run.generations.values_list("state", flat=True).distinct().order_by()) == ["done"]


def test_a_paused_run_stands_still_until_it_is_resumed(live_stack: str, page: Page) -> None:
    task_set, system = make_questions(60), make_slow_system(latency_ms=300, concurrency=2)
    sign_in(page, live_stack)
    start(page, live_stack, system, task_set.pk)
    page.get_by_role("button", name="Pause").click()
    # The progress is asked for until what was out has come back.
    expect(page.locator("#progress[hx-get]")).to_have_count(0, timeout=60_000)
    run = Run.objects.get()
    assert run.state == "paused"
    waiting = Generation.objects.filter(run=run, state=GenerationState.PENDING).count()
    assert waiting > 0
    assert not Generation.objects.filter(run=run, state=GenerationState.RUNNING).exists()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", name="Speed, tokens and cost")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("progressbar", name="Outputs so far")).to_have_attribute(
        "value", "60", timeout=60_000
    )

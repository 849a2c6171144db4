"""A rater's browser talks to this site and to nobody else."""

from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.blindness.observing import twin_study
from tests.views.people import invitation_paths

SETTLED_MS = 500


def test_a_session_from_invitation_to_thanks_asks_no_other_host(page: Page, live_stack: str) -> None:
    hosts: set[str] = set()
    page.context.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    (path,) = invitation_paths(twin_study(samples=3))
    page.goto(live_stack + path)
    page.get_by_role("button", name="Start").click()
    for done in range(3):
        expect(page.get_by_text(f"{done} of 3")).to_be_visible()
        # A press right after the page has changed was meant for the one before, and does nothing.
        page.wait_for_timeout(SETTLED_MS)
        page.get_by_role("button", name="Tie").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert hosts == {urlsplit(live_stack).netloc}

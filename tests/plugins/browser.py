"""A real Chromium for browser tests: the system's, or the one playwright has installed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

SYSTEM_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
REMEDY = "No Chromium was found. Install the system's package `chromium`, or run: playwright install chromium"
# Nothing of the browser's own may reach for the network, and small /dev/shm in containers must not crash it.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--metrics-recording-only",
    "--disable-dev-shm-usage",
)


def executable(playwright: Playwright | None = None) -> str | None:
    """The path of a Chromium to run, or ``None`` when there is none."""
    for name in SYSTEM_NAMES:
        if found := shutil.which(name):
            return found
    own = playwright.chromium.executable_path if playwright else ""
    return own if own and os.path.exists(own) else None  # noqa: PTH110 - the path comes and goes as text


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser for the tests of one module.

    Playwright's loop marks the thread as asynchronous, where Django's ORM refuses to work; module scope keeps
    that mark away from all other tests.
    """
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        path = executable(playwright)
        if path is None:
            pytest.fail(REMEDY, pytrace=False)
        # Chromium's own sandbox does not run as root.
        root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *root])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page in a fresh browser session, 1440 pixels wide, that may not leave this machine."""
    with chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB") as context:
        yield context.new_page()


def main() -> int:
    """Make sure of a browser before a long run: found, else fetched, else one line on what to do."""
    with sync_playwright() as playwright:
        if executable(playwright):
            return 0
        sys.stdout.write("No Chromium on this machine; asking playwright to fetch its own …\n")
        fetch = [sys.executable, "-m", "playwright", "install", "chromium"]
        answer = subprocess.run(fetch, capture_output=True, text=True, check=False)
        if answer.returncode == 0 and executable(playwright):
            return 0
    sys.stderr.write(f"{REMEDY}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())

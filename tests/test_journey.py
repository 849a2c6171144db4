"""The whole journey as the README's first command gives it: outputs, blind judgments, a report, a bundle."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.plugins.stack import free_port
from tests.servers import behaviours
from tests.servers.openai_server import OpenAIServer

BASE_DIR = Path(__file__).resolve().parents[1]
LAST_LINE = re.compile(r"Ctrl-C stops")


@contextmanager
def demo(**environment: str) -> Iterator[dict[str, str]]:
    """``manage.py demo`` on fresh data, ended by Ctrl-C; the printed addresses by whose they are."""
    with tempfile.TemporaryDirectory(prefix="blind-eval-demo-") as var_dir:
        Path(var_dir).chmod(0o755)
        own_servers = {"DATABASE_URL": "", "REDIS_URL": "", "DJANGO_SETTINGS_MODULE": "config.settings"}
        settled = {"OPENAI_API_KEY": "", "STATIC_MANIFEST": "", "SECRET_KEY": "", "LOG_LEVEL": ""}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=BASE_DIR,
            env=os.environ
            | own_servers
            | settled
            | {"VAR_DIR": var_dir, "PORT": str(free_port())}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield _printed(process)
        finally:
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=90)
        assert process.returncode == 0, output


def _printed(process: subprocess.Popen[str]) -> dict[str, str]:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if LAST_LINE.search(line):
            return dict(
                re.findall(r"^(Organiser|Rater \d|Researcher)\s+(http\S+)$", "".join(said), re.MULTILINE)
            )
    pytest.fail("The demonstration did not start:\n" + "".join(said), pytrace=False)


@contextmanager
def visitor(chromium: Browser) -> Iterator[Page]:
    """A person with a browser of their own."""
    with chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB") as context:
        yield context.new_page()


def enter(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_role("main").get_by_role("button").first.click()


def judge_everything(page: Page, keys: str) -> int:
    """Judge by single keys, one after the other, until the thanks; how many were judged."""
    judged = 0
    lease = page.locator("input[name=lease_token]")
    while lease.count():
        held = lease.input_value()
        # A second press within a moment is taken for a double one, so a key is pressed until it counts.
        while lease.count() and lease.input_value() == held:
            page.keyboard.press(keys[judged % len(keys)])
            page.wait_for_timeout(100)
        judged += 1
    return judged


def test_the_demonstration_goes_from_outputs_through_blind_judgments_to_a_report_that_recomputes(
    chromium: Browser, tmp_path: Path
) -> None:
    with demo() as links:
        base = links["Organiser"].split("/sign-in")[0]
        for number, keys in enumerate(("1", "12", "1tb2"), start=1):
            with visitor(chromium) as rater:
                enter(rater, links[f"Rater {number}"])
                assert judge_everything(rater, keys) == 16
                expect(rater.get_by_role("main")).to_contain_text("Thank you")
        with visitor(chromium) as organiser:
            enter(organiser, links["Organiser"])
            organiser.goto(f"{base}/studies/1/")
            organiser.get_by_role("link", name="Close").click()
            organiser.get_by_role("main").get_by_role("button", name="Close").click()
        with visitor(chromium) as researcher:
            enter(researcher, links["Researcher"])
            researcher.goto(f"{base}/studies/1/report/")
            expect(researcher.get_by_role("main")).to_contain_text("Decision")
            report = researcher.request.get(f"{base}/studies/1/report/report.json").json()
            ratings = researcher.request.get(f"{base}/studies/1/report/ratings.csv").text()
            bundle = researcher.request.get(f"{base}/studies/1/report/bundle.zip").body()
            shown = researcher.get_by_role("main").inner_text()
        rows = list(csv.DictReader(io.StringIO(ratings, newline="")))
        assert Counter(row["rater"] for row in rows) == {"R1": 16, "R2": 16, "R3": 16}
        assert Counter(row["comparison"] for row in rows) == {row["comparison"]: 3 for row in rows}
        recomputed = _recompute(bundle, tmp_path)
        assert recomputed == zipfile.ZipFile(io.BytesIO(bundle)).read("report.json")
        assert json.loads(recomputed) == report
        rate = report["preference"]["overall"] if "overall" in report.get("preference", {}) else None
        assert rate is None or f"{rate['value']:.3f}" in shown


def _recompute(bundle: bytes, folder: Path) -> bytes:
    """The report as another machine would make it: from the bundle alone, without a database."""
    (folder / "bundle.zip").write_bytes(bundle)
    bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME"}}
    subprocess.run(
        [
            sys.executable,
            "-m",
            "evalapp.reports",
            "bundle",
            str(folder / "bundle.zip"),
            "-o",
            str(folder / "again"),
        ],
        cwd=BASE_DIR,
        env=bare,
        check=True,
        capture_output=True,
    )
    return (folder / "again" / "report.json").read_bytes()


def test_with_a_key_the_same_demonstration_asks_a_real_endpoint_through_the_real_client() -> None:
    with (
        OpenAIServer(default=behaviours.ok("An answer.")) as server,
        demo(
            OPENAI_API_KEY="sk-test-0123456789", OPENAI_BASE_URL=server.base_url, MODELS="gpt-4o-mini,gpt-4o"
        ) as links,
    ):
        asked = Counter(str(each.body["model"]) for each in server.asked)
        assert set(asked) == {"gpt-4o-mini", "gpt-4o"}
        assert asked["gpt-4o-mini"] >= 40
        assert {each.headers["authorization"] for each in server.asked} == {"Bearer sk-test-0123456789"}
        page = httpx2.get(links["Rater 1"])
        assert page.status_code == 200
        assert "gpt" not in page.text.lower()

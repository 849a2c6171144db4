"""Whole sessions at the rater's page in a real browser, by keyboard alone."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from raters.models import Answer, Judgment, Skip, Study
from raters.studies.protocol import DEFAULT_SCALE, Criterion
from tests.studies.casting import make_study
from tests.views.people import invitation_paths

TWO = (Criterion("overall", "Which is better?"), Criterion("tone", "Which is kinder?"))
#: The page takes no answer in its first moments; a press then was meant for the comparison before.
SETTLED_MS = 450


@pytest.fixture
def address(live_stack: str) -> str:
    return live_stack


def start(page: Page, address: str, study: Study) -> None:
    """Follow a fresh invitation by keyboard."""
    page.goto(address + invitation_paths(study)[0])
    page.get_by_role("button", name="Start").press("Enter")
    expect(page.locator("form[data-answer]")).to_be_visible()
    page.wait_for_timeout(SETTLED_MS)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait_for_progress(page: Page, text: str) -> None:
    expect(page.locator("#progress-text")).to_have_text(text)
    page.wait_for_timeout(SETTLED_MS)


def test_a_graded_session_takes_one_key_each(page: Page, address: str) -> None:
    study = make_study(samples=3, graded=True)
    start(page, address, study)
    press(page, "1")
    wait_for_progress(page, "1 of 3")
    press(page, "5")
    wait_for_progress(page, "2 of 3")
    press(page, "b")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    stored = Answer.objects.order_by("pk").values_list("choice_shown", "strength")
    assert list(stored) == [("left", 3), ("right", 1), ("both_bad", None)]


def test_keys_go_from_question_to_question_and_enter_submits(page: Page, address: str) -> None:
    study = make_study(samples=2, criteria=TWO, scale=DEFAULT_SCALE, graded=True)
    start(page, address, study)
    press(page, "5", "2", "1", "3", "3")
    page.reload()
    page.wait_for_timeout(SETTLED_MS)
    press(page, "4", "c")
    page.keyboard.type("kinder, but wrong")
    press(page, "Escape", "Enter")
    wait_for_progress(page, "1 of 2")
    stored = Answer.objects.order_by("criterion").values_list(
        "choice_shown", "strength", "score_left", "score_right"
    )
    assert list(stored) == [("left", 3, 5, 2), ("tie", None, 3, 3)]
    assert Judgment.objects.get().comment == "kinder, but wrong"


@pytest.mark.parametrize("width", [390, 1440])
def test_grades_and_scores_fit_the_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    elsewhere: set[str] = set()
    page.on("request", lambda request: elsewhere.add(urlsplit(request.url).netloc))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    start(page, address, make_study(graded=True, scale=DEFAULT_SCALE, criteria=TWO))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.get_by_role("button", name="Submit")).to_be_in_viewport()
    page.evaluate("document.getElementById('back').hidden = false")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert elsewhere == {urlsplit(address).netloc}
    assert complaints == []


def test_z_goes_back_to_the_last_one_and_its_new_answer_counts(page: Page, address: str) -> None:
    study = make_study(samples=3)
    start(page, address, study)
    press(page, "ArrowLeft")
    wait_for_progress(page, "1 of 3")
    in_hand = page.locator("main").get_attribute("data-token")
    press(page, "z")
    expect(page.get_by_text("You have judged this one.")).to_be_visible()
    expect(page.locator("[aria-current]")).to_contain_text("Left is better")
    page.wait_for_timeout(SETTLED_MS)
    press(page, "t")
    page.wait_for_url(lambda url: not url.endswith("/last/"))
    expect(page.locator("main")).to_have_attribute("data-token", in_hand or "")
    press(page, "z")
    expect(page.get_by_text("You have judged this one.")).to_be_visible()
    press(page, "z")
    expect(page.locator("main")).to_have_attribute("data-token", in_hand or "")
    given = Answer.objects.order_by("judgment__revision").values_list("judgment__revision", "choice_shown")
    assert list(given) == [(0, "left"), (1, "tie")]


@pytest.mark.parametrize("width", [390, 1440])
def test_a_comparison_is_skipped_by_keyboard(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    study = make_study(samples=2, criteria=TWO)
    start(page, address, study)
    first = page.locator("main").get_attribute("data-token")
    press(page, "c")
    page.keyboard.type("cut off")
    press(page, "Escape", "s")
    expect(page.get_by_role("button", name="I cannot judge it")).to_be_focused()
    press(page, "Tab", "Tab", "Enter")
    expect(page.locator("main")).not_to_have_attribute("data-token", first or "")
    page.wait_for_timeout(SETTLED_MS)
    press(page, "1", "2", "Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Skip.objects.values_list("reason", "note").get() == ("broken", "cut off")
    assert Judgment.objects.count() == 1

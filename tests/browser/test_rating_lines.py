"""The rater's page when the line breaks, the page is opened twice, or the rater reloads."""

from playwright.sync_api import Page, expect

from raters.models import Answer, Judgment, Skip
from tests.browser.test_rating_keyboard import SETTLED_MS, press, start, wait_for_progress
from tests.studies.casting import make_study
from tests.views.people import rating_path


def test_an_answer_given_offline_is_saved_once_when_the_line_is_back(page: Page, live_stack: str) -> None:
    start(page, live_stack, make_study(samples=3))
    page.context.set_offline(True)
    press(page, "ArrowRight")
    expect(page.get_by_text("Not saved yet, retrying.")).to_be_visible()
    assert not Judgment.objects.exists()
    page.context.set_offline(False)
    wait_for_progress(page, "1 of 3")
    assert Answer.objects.get().choice_shown == "right"


def test_a_skip_given_offline_is_taken_once_when_the_line_is_back(page: Page, live_stack: str) -> None:
    start(page, live_stack, make_study(samples=3))
    first = page.locator("main").get_attribute("data-token")
    page.context.set_offline(True)
    press(page, "s", "Enter")
    expect(page.get_by_text("Not saved yet, retrying.")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator("main")).not_to_have_attribute("data-token", first or "")
    assert Skip.objects.get().reason == "cannot_judge"
    assert not Judgment.objects.exists()


def test_two_tabs_show_the_same_pair_and_count_one_answer(page: Page, live_stack: str) -> None:
    study = make_study(samples=3)
    start(page, live_stack, study)
    second = page.context.new_page()
    second.goto(live_stack + rating_path(study.raters.get()))
    token = page.locator("main").get_attribute("data-token")
    expect(second.locator("main")).to_have_attribute("data-token", token or "")
    second.wait_for_timeout(SETTLED_MS)
    press(page, "ArrowLeft")
    wait_for_progress(page, "1 of 3")
    press(second, "ArrowRight")
    wait_for_progress(second, "1 of 3")
    assert Answer.objects.get().choice_shown == "left"
    after = page.locator("main").get_attribute("data-token")
    expect(second.locator("main")).to_have_attribute("data-token", after or "")
    page.go_back()
    page.go_forward()
    expect(page.locator("main")).to_have_attribute("data-token", after or "")

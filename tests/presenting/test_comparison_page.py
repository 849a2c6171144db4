"""The rater's page as HTML: what it holds, what it must not hold, and what it weighs."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from raters.rating.blinding import BlindComparison
from raters.studies.protocol import Criterion
from raters.views.questions import questions_of

OVERALL = Criterion("overall", "Which answer is better?")
CLEARER = Criterion("clearer", "Which is clearer?")


def page(
    *,
    left: str = "one",
    right: str = "two",
    criteria: tuple[Criterion, ...] = (OVERALL,),
    entered: Mapping[str, str] | None = None,
    part: str = "",
    **more: object,
) -> str:
    comparison = BlindComparison("t0ken", "qa", {"prompt": "Why?"}, left, right, criteria)
    questions = questions_of(comparison, entered or {})
    context = {
        "comparison": comparison,
        "questions": questions,
        "one_press": len(questions) == 1,
        "progress": {"done": 3, "total": 9},
        "lease_token": "l3ase",
        "submit_url": "/rate/",
        **more,
    }
    return render_to_string(f"rating/compare.html{part}", context)


def test_one_criterion_is_answered_by_one_button() -> None:
    buttons = re.findall(
        r'<button class="choice[^>]*name="([^"]+)" value="([^"]+)" data-keys="([^"]+)"', page()
    )
    assert buttons == [
        ("choice-overall", "left", "1 arrowleft"),
        ("choice-overall", "tie", "3 t"),
        ("choice-overall", "both_bad", "4 b"),
        ("choice-overall", "right", "2 arrowright"),
    ]


def test_several_criteria_are_answered_by_choices_and_one_submit() -> None:
    html = page(criteria=(OVERALL, CLEARER), entered={"choice-clearer": "tie"}, draft={"comment": "so <so>"})
    radios = re.findall(
        r'<input type="radio" name="(choice-[^"]+)" value="([^"]+)" required( checked)?>', html
    )
    options = ("left", "tie", "both_bad", "right")
    assert [found[:2] for found in radios] == [
        (f"choice-{key}", option) for key in ("overall", "clearer") for option in options
    ]
    assert [found[:2] for found in radios if found[2]] == [("choice-clearer", "tie")]
    assert "so &lt;so&gt;</textarea>" in html
    assert html.count('type="submit"') == 1


def test_the_part_for_the_script_is_the_main_of_the_whole_page() -> None:
    part = page(part="#main").strip()
    assert part.startswith("<main")
    assert part.endswith("</main>")
    assert part in page()


def test_both_sides_are_framed_alike() -> None:
    html = page(left="same words", right="same words")
    left, right = re.findall(r'<section class="side side--(?:left|right)".*?</section>', html, re.DOTALL)
    assert left.replace("left", "right").replace("Left", "Right") == right


def test_swapping_the_outputs_swaps_nothing_else() -> None:
    swapped = page(left="alpha", right="omega").replace("alpha", "*").replace("omega", "alpha")
    assert swapped.replace("*", "omega") == page(left="omega", right="alpha")


@pytest.mark.parametrize("error", ["", "Please answer every question."])
def test_an_error_is_announced(error: str) -> None:
    assert ('role="alert"' in page(error=error)) is bool(error)


TEMPLATES = sorted(
    str(path.relative_to(Path(settings.BASE_DIR) / "templates"))
    for path in (Path(settings.BASE_DIR) / "templates").rglob("*.html")
)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_holds_an_inline_style_script_or_handler(name: str) -> None:
    source = (Path(settings.BASE_DIR) / "templates" / name).read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", source)


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_fetches_from_another_host(name: str) -> None:
    source = (Path(settings.BASE_DIR) / "templates" / name).read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", source)


def test_a_first_visit_is_at_most_six_requests_and_forty_kilobytes() -> None:
    words = "The quick brown fox jumps over **lazy** dogs, 19 times; `code` too. " * 30
    html = page(left=words, right=words[::-1])
    files = re.findall(r'(?:href|src)="/?static/([^"]+)"', html)
    assert len(files) + 1 <= 6
    found = [finders.find(name) for name in files]
    weights = [len(gzip.compress(Path(str(path)).read_bytes())) for path in found if path]
    assert len(weights) == len(files)
    assert sum(weights) + len(gzip.compress(html.encode())) <= 40_000


def test_each_next_comparison_is_at_most_six_kilobytes() -> None:
    # Every word differs, so that compression gains little on the outputs themselves.
    left, right = (" ".join(f"{number * step:x}" for number in range(1, 340)) for step in (7_919, 104_729))
    assert min(len(left), len(right)) >= 1_800
    assert len(gzip.compress(page(left=left, right=right, part="#main").encode())) <= 6_000

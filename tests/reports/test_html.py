"""The page and the file: their order, their marks, and that they need nothing from outside."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from evalapp.reports.build import build_report
from evalapp.reports.canonical import Report
from evalapp.reports.charts import CHARTS, charts_of
from evalapp.reports.html import render_body, render_page
from evalapp.reports.wording import interval, limits, milliseconds, number, p_value, percent
from tests.reports.studies import (
    call_rows,
    generation_rows,
    price_rows,
    protocol,
    sample_rows,
    study_rows,
)

VOID = {"meta", "br", "hr", "img", "input", "link"}


@pytest.fixture(scope="module")
def report() -> Report:
    generations = generation_rows()
    calls = call_rows(generations)
    return build_report(
        study_rows(scored=True), generations, calls, protocol(), 5, samples=sample_rows(), prices=price_rows()
    )


class Outline(HTMLParser):
    """Collects tags and checks that they nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_sections_come_in_the_order_in_which_a_reader_asks(report: Report) -> None:
    sections = [attributes["id"] for tag, attributes in Outline(render_body(report)).tags if tag == "section"]
    assert sections == [
        "decision",
        "preference",
        "votes",
        "agreement",
        "position",
        "style",
        "raters",
        "speed",
        "cost",
        "checks",
        "exclusions",
        "protocol",
    ]


def test_the_fragment_lives_under_a_strict_policy(report: Report) -> None:
    for tag, attributes in Outline(render_body(report)).tags:
        assert tag not in {"script", "style", "link", "iframe", "object"}
        assert not [name for name in attributes if name == "style" or name.startswith("on")]
        assert not [name for name in ("src", "href", "xlink:href") if name in attributes]


def test_the_file_needs_nothing_from_outside(report: Report) -> None:
    page = render_page(report)
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", page))
    assert addresses <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "https://example.com/prices",
    }
    assert "url(" not in page
    assert "@import" not in page


def test_markup_nests_and_ids_are_unique(report: Report) -> None:
    outline = Outline(render_page(report))
    assert outline.open == []
    ids = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_table_has_a_caption_and_headers_with_scope(report: Report) -> None:
    outline = Outline(render_body(report))
    names = [tag for tag, _ in outline.tags]
    assert names.count("caption") == names.count("table") > 10
    assert all(attributes.get("scope") in {"col", "row"} for tag, attributes in outline.tags if tag == "th")


def test_every_chart_stands_beside_the_table_of_its_data(report: Report) -> None:
    body = render_body(report)
    charts = charts_of(report)
    assert (
        {"preference", "votes", "agreement", "position", "latency", "cost-quality"}
        <= set(charts)
        <= set(CHARTS)
    )
    assert body.count('<figure class="chart">') == len(charts)
    for chart in charts.values():
        assert f"<caption>{chart.title}</caption>" in body
        assert {len(row) for row in chart.rows} == {len(chart.columns)}


def test_charts_are_byte_stable_without_style_script_or_identifiers(report: Report) -> None:
    for name, chart in charts_of(report).items():
        svg = chart.svg()
        assert svg == charts_of(report)[name].svg()
        assert not re.search(r"<style|style=|<script|<image| id=|url\(", svg)
        assert chart.png().startswith(b"\x89PNG")


def test_simulated_studies_say_so_first(report: Report) -> None:
    simulated = build_report(study_rows(6), [], [], protocol(simulated=True), 5)
    assert (
        render_body(simulated).strip().startswith('<p class="callout callout--note"><strong>Simulated raters')
    )
    assert "Simulated raters" not in render_body(report)


def test_names_are_text_never_markup() -> None:
    rows = study_rows(6, systems=("<i>one</i>", '"two" & <script>'))
    body = render_body(build_report(rows, [], [], protocol(systems=("<i>one</i>", '"two" & <script>')), 5))
    assert "<i>one" not in body
    assert "<script" not in body
    assert "&lt;i&gt;one" in body


def test_figures_are_worded_for_people() -> None:
    assert number(1234.5678) == "1,234.568"
    assert (number(None), percent(None), milliseconds(None), p_value(None)) == ("–",) * 4
    assert percent(0.256) == "25.6 %"
    assert (milliseconds(812.4), milliseconds(1812.4)) == ("812 ms", "1.81 s")
    assert (p_value(0.0004), p_value(0.0123)) == ("< .001", "0.012")
    estimate = {"value": 0.5, "low": 0.4, "high": 0.6, "level": 0.95}
    assert (interval(estimate), limits(estimate)) == ("95 % interval 0.400 to 0.600", "0.400 to 0.600")
    assert interval({"low": None, "high": None, "reason": "one sample"}) == "one sample"

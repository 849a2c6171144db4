"""The report as HTML: a fragment for a page, and one self-contained file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalapp.reports.canonical import Report
from evalapp.reports.wording import FILTERS

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


@cache
def environment() -> Environment:
    """Jinja with escaping on and with a missing name as an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(FILTERS)
    return made


def render_body(report: Report) -> str:
    """The report's sections as a fragment without script and style, for a page under a strict policy."""
    return environment().get_template("body.html").render(**_context(report))


def render_page(report: Report) -> str:
    """The report as one HTML file that needs nothing else: style and charts are inside."""
    template = environment().get_template("page.html")
    return template.render(style=(TEMPLATES / "report.css").read_text(encoding="utf-8"), **_context(report))


def _context(report: Report) -> dict[str, Any]:
    from markupsafe import Markup

    from evalapp.reports.charts import charts_of

    # The drawing library escapes the texts it draws; nothing else in a chart comes from outside.
    charts = {
        name: {"chart": chart, "svg": Markup(chart.svg())}  # noqa: S704
        for name, chart in charts_of(report).items()
    }
    return {"report": report.figures, "charts": charts}

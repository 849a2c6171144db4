"""Charts: one definition each, drawn from the report, and beside each the table of its data."""

from __future__ import annotations

from collections.abc import Callable

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import Chart
from evalapp.reports.charts.preference import forest, vote_composition
from evalapp.reports.charts.speed import latency_quantiles

CHARTS: dict[str, Callable[[Report], Chart | None]] = {
    "preference": forest,
    "votes": vote_composition,
    "latency": latency_quantiles,
}
"""Charts by file name. A chart that has nothing to show is None."""


def charts_of(report: Report) -> dict[str, Chart]:
    """The charts that have something to show, by file name."""
    drawn = {name: draw(report) for name, draw in CHARTS.items()}
    return {name: chart for name, chart in drawn.items() if chart is not None}

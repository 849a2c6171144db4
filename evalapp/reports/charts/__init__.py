"""Charts: one definition each, drawn from the report, and beside each the table of its data."""

from __future__ import annotations

from collections.abc import Callable

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import Chart
from evalapp.reports.charts.cost import cost_and_quality
from evalapp.reports.charts.preference import forest, vote_composition
from evalapp.reports.charts.raters import agreement_matrix, judgments_over_time, left_shares
from evalapp.reports.charts.speed import latency_distribution, latency_quantiles, throughput

CHARTS: dict[str, Callable[[Report], Chart | None]] = {
    "preference": forest,
    "votes": vote_composition,
    "agreement": agreement_matrix,
    "position": left_shares,
    "timeline": judgments_over_time,
    "latency": latency_quantiles,
    "latency-distribution": latency_distribution,
    "throughput": throughput,
    "cost-quality": cost_and_quality,
}
"""Charts by file name. A chart that has nothing to show is None."""


def charts_of(report: Report) -> dict[str, Chart]:
    """The charts that have something to show, by file name."""
    drawn = {name: draw(report) for name, draw in CHARTS.items()}
    return {name: chart for name, chart in drawn.items() if chart is not None}

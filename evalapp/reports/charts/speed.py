"""Charts about time."""

from __future__ import annotations

from typing import Any

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import ACCENT, INK, WIDTH, Chart, entries, finished, values


def latency_quantiles(report: Report) -> Chart | None:
    """Minimum, median, 95th percentile and maximum latency of every system."""
    import altair as alt

    records: list[dict[str, Any]] = []
    for entry in entries(report, "usage"):
        latency = entry["latency_ms"]
        if latency["n"]:
            seconds = {name: latency[name] / 1000 for name in ("min", "median", "p95", "max")}
            records.append(
                {"system": f"{entry['system']} ({entry['task_kind']})", "n": latency["n"], **seconds}
            )
    if not records:
        return None
    title = "Latency"
    description = (
        "Thin line: fastest to slowest. Thick line: median to 95th percentile. Point: median. In seconds."
    )
    data = values(records)
    y = alt.Y("system:N", title=None, sort=None)
    whole = (
        alt.Chart(data)
        .mark_rule(color=INK)
        .encode(x=alt.X("min:Q", title="Seconds", scale=alt.Scale(zero=True)), x2="max:Q", y=y)
    )
    upper = alt.Chart(data).mark_rule(color=ACCENT, strokeWidth=6).encode(x="median:Q", x2="p95:Q", y=y)
    points = alt.Chart(data).mark_point(filled=True, size=90, color=INK).encode(x="median:Q", y=y)
    chart = alt.layer(whole, upper, points).properties(width=WIDTH, height=36 * len(records))
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("System", "n", "Fastest (s)", "Median (s)", "p95 (s)", "Slowest (s)"),
        tuple((r["system"], r["n"], r["min"], r["median"], r["p95"], r["max"]) for r in records),
    )

"""Cost against quality."""

from __future__ import annotations

from typing import Any

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import ACCENT, INK, MUTED, WIDTH, Chart, entries, finished, values


def cost_and_quality(report: Report) -> Chart | None:
    """Win rate against cost per output, with the line of systems that no other beats in both.

    Uses the first criterion over all task kinds, and systems whose cost is known on every kind.
    """
    import altair as alt

    preference = entries(report, "preference")
    if not preference:
        return None
    records: list[dict[str, Any]] = []
    for system in preference[0]["systems"]:
        usage = [entry for entry in entries(report, "usage") if entry["system"] == system]
        costs = [entry["cost_usd"]["total"] for entry in usage]
        outputs = sum(entry["finished"] for entry in usage)
        rate = preference[0]["win_rate"][system]
        if outputs and None not in costs and rate["value"] is not None:
            records.append(
                {
                    "system": system,
                    "cost": 1000 * sum(float(cost) for cost in costs) / outputs,
                    "quality": rate["value"],
                    "low": rate["low"],
                    "high": rate["high"],
                }
            )
    if len(records) < 2:
        return None
    records.sort(key=lambda record: (record["cost"], -record["quality"]))
    best = -1.0
    for record in records:
        record["unbeaten"] = record["quality"] > best
        best = max(best, record["quality"])
    title = "Cost against quality"
    description = (
        "Win rate with its 95 % interval against US dollars per 1,000 outputs. "
        "Line: systems that no other beats in both."
    )
    data = values(records)
    x = alt.X("cost:Q", title="USD per 1,000 outputs", scale=alt.Scale(zero=True, nice=True))
    y = alt.Y("quality:Q", title="Win rate", scale=alt.Scale(domain=[0, 1]))
    line = (
        alt.Chart(values([record for record in records if record["unbeaten"]]))
        .mark_line(color=MUTED, strokeDash=[5, 4])
        .encode(x=x, y=y)
    )
    ranges = alt.Chart(data).mark_rule(color=ACCENT, strokeWidth=2).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    points = alt.Chart(data).mark_point(filled=True, opacity=1, size=100, color=ACCENT).encode(x=x, y=y)
    labels = alt.Chart(data).mark_text(align="left", dx=9, dy=-7, color=INK).encode(x=x, y=y, text="system:N")
    chart = alt.layer(line, ranges, points, labels).properties(width=WIDTH, height=240)
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("System", "USD per 1,000 outputs", "Win rate", "Low", "High", "Unbeaten"),
        tuple(
            (r["system"], r["cost"], r["quality"], r["low"], r["high"], "yes" if r["unbeaten"] else "no")
            for r in records
        ),
    )

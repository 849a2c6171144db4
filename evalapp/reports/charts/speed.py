"""Charts about time."""

from __future__ import annotations

from typing import Any

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import ACCENT, INK, WIDTH, Chart, entries, finished, values

FEWEST_FOR_DISTRIBUTION = 10
LINE_COLOURS = ("#0b3d70", "#d9822b", "#4d4d4d", "#6ba3d6", "#7a3e00")


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
    points = alt.Chart(data).mark_point(filled=True, opacity=1, size=90, color=INK).encode(x="median:Q", y=y)
    chart = alt.layer(whole, upper, points).properties(width=WIDTH, height=36 * len(records))
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("System", "n", "Fastest (s)", "Median (s)", "p95 (s)", "Slowest (s)"),
        tuple((r["system"], r["n"], r["min"], r["median"], r["p95"], r["max"]) for r in records),
    )


def latency_distribution(report: Report) -> Chart | None:
    """How the latencies of every system are spread: counts in bins, one row of bars per system."""
    import altair as alt

    records: list[dict[str, Any]] = []
    for entry in entries(report, "usage"):
        if entry["latency_ms"]["n"] >= FEWEST_FOR_DISTRIBUTION:
            records += [
                {
                    "system": f"{entry['system']} ({entry['task_kind']})",
                    "from": part["from"] / 1000,
                    "to": part["to"] / 1000,
                    "count": part["count"],
                }
                for part in entry["histogram"]
            ]
    if not records:
        return None
    title = "How latencies are spread"
    description = "Number of outputs by latency, in bins of equal width."
    bars = (
        alt.Chart(values(records))
        .mark_bar(color=ACCENT, stroke="white", strokeWidth=0.5)
        .encode(
            x=alt.X("from:Q", title="Seconds"),
            x2="to:Q",
            y=alt.Y("count:Q", title="Outputs"),
            y2=alt.datum(0),
            row=alt.Row(
                "system:N", title=None, sort=None, header=alt.Header(labelOrient="top", labelAnchor="start")
            ),
        )
        .properties(width=WIDTH, height=70)
        .resolve_scale(y="independent")
    )
    return Chart(
        title,
        description,
        finished(bars, title=title, description=description),
        ("System", "From (s)", "To (s)", "Outputs"),
        tuple((r["system"], r["from"], r["to"], r["count"]) for r in records),
    )


def throughput(report: Report) -> Chart | None:
    """Latency against calls per second, where a system was called at several concurrencies."""
    import altair as alt

    records: list[dict[str, Any]] = []
    for entry in entries(report, "usage"):
        points = [point for point in entry["by_concurrency"] if point["calls_per_second"] is not None]
        if len(points) > 1:
            records += [
                {
                    "system": f"{entry['system']} ({entry['task_kind']})",
                    "concurrency": point["concurrency"],
                    "rate": point["calls_per_second"],
                    "median": point["median_ms"] / 1000,
                    "p95": point["p95_ms"] / 1000,
                }
                for point in points
            ]
    if not records:
        return None
    title = "Latency against throughput"
    description = (
        "Median latency in seconds against calls per second; the numbers say how many calls ran at a time."
    )
    base = alt.Chart(values(records)).encode(
        x=alt.X("rate:Q", title="Calls per second", scale=alt.Scale(zero=True)),
        y=alt.Y("median:Q", title="Median latency (s)", scale=alt.Scale(zero=True)),
    )
    names = list(dict.fromkeys(str(record["system"]) for record in records))
    colours = [LINE_COLOURS[place % len(LINE_COLOURS)] for place in range(len(names))]
    colour = alt.Color("system:N", title=None, scale=alt.Scale(domain=names, range=colours))
    lines = base.mark_line().encode(color=colour, order="concurrency:Q")
    shape = alt.Shape("system:N", title=None, scale=alt.Scale(domain=names))
    points = base.mark_point(filled=True, opacity=1, size=90).encode(color=colour, shape=shape)
    labels = base.mark_text(dy=-12, color=INK).encode(text="concurrency:Q")
    chart = alt.layer(lines, points, labels).properties(width=WIDTH, height=220)
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("System", "Calls at a time", "Calls per second", "Median (s)", "p95 (s)"),
        tuple((r["system"], r["concurrency"], r["rate"], r["median"], r["p95"]) for r in records),
    )

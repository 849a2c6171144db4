"""Charts about choices: the forest of win rates beside the margin, and what the votes were."""

from __future__ import annotations

from typing import Any

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import (
    ACCENT,
    CATEGORY_COLOURS,
    INK,
    SECOND,
    WIDTH,
    Chart,
    entries,
    finished,
    slice_label,
    values,
)

ROW_HEIGHT = 34


def forest(report: Report) -> Chart | None:
    """The candidate's win rate with interval, one line per decision, beside 0.5 and the margin."""
    import altair as alt

    records: list[dict[str, Any]] = []
    for entry in entries(report, "decisions"):
        rate = entry["win_rate"]
        if rate["value"] is not None:
            records.append(
                {
                    "comparison": f"{entry['candidate']} against {entry['reference']} ({slice_label(entry)})",
                    "win_rate": rate["value"],
                    "low": rate["low"],
                    "high": rate["high"],
                    "threshold": entry["threshold"],
                }
            )
    if not records:
        return None
    title = "Preference beside its margin"
    description = (
        "Win rate of the candidate (a tie counts one half) with its 95 % interval. "
        "Solid line: 0.5. Dashed line: 0.5 minus the declared margin."
    )
    data = values(records)
    scale = alt.Scale(domain=[0, 1])
    y = alt.Y("comparison:N", title=None, sort=None)
    rules = (
        alt.Chart(values([{"at": 0.5}]))
        .mark_rule(color=INK)
        .encode(x=alt.X("at:Q", scale=scale, title="Win rate"))
    )
    margin = (
        alt.Chart(values([{"at": records[0]["threshold"]}]))
        .mark_rule(color=SECOND, strokeDash=[5, 4])
        .encode(x=alt.X("at:Q", title="Win rate"))
    )
    ranges = (
        alt.Chart(data)
        .mark_rule(color=ACCENT, strokeWidth=3)
        .encode(x=alt.X("low:Q", scale=scale, title="Win rate"), x2="high:Q", y=y)
    )
    points = (
        alt.Chart(data).mark_point(filled=True, opacity=1, size=90, color=ACCENT).encode(x="win_rate:Q", y=y)
    )
    chart = alt.layer(rules, margin, ranges, points).properties(width=WIDTH, height=ROW_HEIGHT * len(records))
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("Comparison", "Win rate", "Low", "High", "Threshold"),
        tuple((r["comparison"], r["win_rate"], r["low"], r["high"], r["threshold"]) for r in records),
    )


def vote_composition(report: Report) -> Chart | None:
    """How the majority votes are made up, one bar per criterion and task kind."""
    import altair as alt

    records: list[dict[str, Any]] = []
    outcomes: list[str] = []
    for entry in entries(report, "preference"):
        order = [*entry["systems"], "tie", "both_bad", "no_majority"]
        outcomes += [name for name in order if name not in outcomes]
        total = sum(entry["majority"].values())
        start = 0
        for name in order if total else ():
            count = entry["majority"][name]
            records.append(
                {
                    "slice": slice_label(entry),
                    "outcome": name.replace("_", " "),
                    "votes": count,
                    "from": start / total,
                    "to": (start + count) / total,
                    "label": str(count) if count / total > 0.04 else "",
                    "middle": (start + count / 2) / total,
                }
            )
            start += count
    if not records:
        return None
    title = "What the majority votes were"
    description = (
        "Share of comparisons by majority vote; the numbers are counts. No majority: the raters all differed."
    )
    names = [name.replace("_", " ") for name in outcomes]
    colours = [CATEGORY_COLOURS[place % len(CATEGORY_COLOURS)] for place in range(len(names))]
    data = values(records)
    bars = (
        alt.Chart(data)
        .mark_bar(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X(
                "from:Q",
                title="Share of comparisons",
                axis=alt.Axis(format="%"),
                scale=alt.Scale(domain=[0, 1]),
            ),
            x2="to:Q",
            y=alt.Y("slice:N", title=None, sort=None),
            color=alt.Color("outcome:N", title=None, scale=alt.Scale(domain=names, range=colours)),
        )
    )
    labels = (
        alt.Chart(data)
        .mark_text(color=INK, stroke="white", strokeWidth=3, strokeOpacity=0.9, fontWeight="bold")
        .encode(x="middle:Q", y=alt.Y("slice:N", sort=None), text="label:N")
    )
    front = labels.mark_text(color=INK, fontWeight="bold")
    height = (ROW_HEIGHT + 8) * len(entries(report, "preference"))
    chart = alt.layer(bars, labels, front).properties(width=WIDTH, height=height)
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("Criterion", "Outcome", "Votes", "Share"),
        tuple((r["slice"], r["outcome"], r["votes"], r["to"] - r["from"]) for r in records),
    )

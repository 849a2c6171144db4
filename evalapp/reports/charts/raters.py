"""Charts about raters: who agrees with whom, who leans to a side, and when they judged."""

from __future__ import annotations

from typing import Any

from evalapp.reports.canonical import Report
from evalapp.reports.charts.chart import (
    ACCENT,
    INK,
    PALE,
    WIDTH,
    Chart,
    entries,
    finished,
    slice_label,
    values,
)

MOST_RATERS = 20


def agreement_matrix(report: Report) -> Chart | None:
    """Cohen's kappa of every pair of raters, of the first criterion, for up to twenty raters."""
    import altair as alt

    agreement = entries(report, "agreement")
    pairs = agreement[0]["cohen_kappa"] if agreement else []
    raters = sorted({rater for pair in pairs for rater in pair["raters"]})
    if not pairs or len(raters) > MOST_RATERS or len(raters) < 3:
        return None
    records: list[dict[str, Any]] = []
    for pair in pairs:
        for one, other in (pair["raters"], pair["raters"][::-1]):
            value = pair["value"]
            records.append(
                {
                    "one": one,
                    "other": other,
                    "kappa": value,
                    "label": "–" if value is None else f"{value:.2f}",
                }
            )
    title = "Agreement between raters"
    description = f"Cohen's kappa of each pair of raters, {slice_label(agreement[0])}. Darker: higher."
    base = alt.Chart(values(records)).encode(
        x=alt.X("one:N", title=None, sort=raters, axis=alt.Axis(labelAngle=-40)),
        y=alt.Y("other:N", title=None, sort=raters),
    )
    squares = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.Color(
            "kappa:Q", scale=alt.Scale(domain=[0, 1], range=["#f1f6fb", "#0b3d70"], clamp=True), legend=None
        )
    )
    labels = base.mark_text(fontSize=12).encode(
        text="label:N", color=alt.condition(alt.datum.kappa > 0.55, alt.value("white"), alt.value(INK))
    )
    side = min(64 * len(raters), WIDTH)
    chart = alt.layer(squares, labels).properties(width=side, height=max(90, side * 2 // 3))
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("Raters", "Cohen's kappa", "Shared comparisons"),
        tuple((" and ".join(pair["raters"]), pair["value"], pair["shared_units"]) for pair in pairs),
    )


def left_shares(report: Report) -> Chart | None:
    """The share of left among each rater's decisive judgments, with its interval, beside one half."""
    import altair as alt

    records: list[dict[str, Any]] = []
    for entry in entries(report, "raters")[: MOST_RATERS * 2]:
        share = entry["left_share"]
        if share["value"] is not None:
            records.append({"rater": entry["rater"]} | {key: share[key] for key in ("value", "low", "high")})
    if not records:
        return None
    title = "How often each rater chose the left side"
    description = "Share of left among decisive judgments with its 95 % interval. Line: one half."
    data = values(records)
    y = alt.Y("rater:N", title=None, sort=None)
    half = (
        alt.Chart(values([{"at": 0.5}])).mark_rule(color=INK).encode(x=alt.X("at:Q", title="Share of left"))
    )
    scale = alt.Scale(domain=[0, 1])
    ranges = (
        alt.Chart(data)
        .mark_rule(color=ACCENT, strokeWidth=3)
        .encode(x=alt.X("low:Q", title="Share of left", scale=scale), x2="high:Q", y=y)
    )
    points = (
        alt.Chart(data).mark_point(filled=True, opacity=1, size=80, color=ACCENT).encode(x="value:Q", y=y)
    )
    chart = alt.layer(half, ranges, points).properties(width=WIDTH, height=26 * len(records))
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        ("Rater", "Share of left", "Low", "High"),
        tuple((r["rater"], r["value"], r["low"], r["high"]) for r in records),
    )


def judgments_over_time(report: Report) -> Chart | None:
    """How many judgments came in per hour or day."""
    import altair as alt

    found: Any = report.figures["timeline"]
    points = found["points"]
    if len(points) < 2:
        return None
    unit = str(found["step"])
    title = "Judgments over time"
    description = f"Judgments per {unit}, UTC."
    step_format = "%d %b %H:%M" if unit == "hour" else "%d %b %Y"
    chart = (
        alt.Chart(values(points))
        .mark_bar(color=ACCENT, stroke=PALE)
        .encode(
            x=alt.X(
                "from:T",
                title=None,
                timeUnit=alt.TimeUnitParams(
                    unit="utcyearmonthdatehours" if unit == "hour" else "utcyearmonthdate"
                ),
                axis=alt.Axis(format=step_format, labelAngle=-40),
            ),
            y=alt.Y("judgments:Q", title=f"Judgments per {unit}"),
        )
        .properties(width=WIDTH, height=160)
    )
    return Chart(
        title,
        description,
        finished(chart, title=title, description=description),
        (f"From, by {unit} (UTC)", "Judgments", "Total so far"),
        tuple((point["from"], point["judgments"], point["total"]) for point in points),
    )

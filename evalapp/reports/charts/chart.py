"""What a chart is, and how it becomes SVG and PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalapp.reports.canonical import Json, Report

WIDTH = 520
"""Pixels of the drawing area."""
INK, MUTED, ACCENT, SECOND, PALE = "#1f2328", "#6e7781", "#0b5cad", "#b35900", "#d0d7de"
"""Colours that differ in lightness too, so that they can be told apart in black and white."""
CATEGORY_COLOURS = ("#0b3d70", "#6ba3d6", "#c9c9c9", "#f0a44b", "#7a3e00", "#4d4d4d", "#93b3a3", "#e3d6f0")


@dataclass(frozen=True, slots=True)
class Chart:
    """A Vega-Lite definition with its title, what it shows in words, and the table of its data."""

    title: str
    description: str
    spec: Mapping[str, Any]
    columns: tuple[str, ...]
    rows: tuple[tuple[Json, ...], ...]

    def svg(self) -> str:
        """SVG text without style, script or external address; the same spec gives the same text."""
        import vl_convert

        return str(vl_convert.vegalite_to_svg(dict(self.spec), allowed_base_urls=[])) + "\n"

    def png(self) -> bytes:
        """PNG at twice the size. Its bytes depend on the fonts of the machine."""
        import vl_convert

        return bytes(vl_convert.vegalite_to_png(dict(self.spec), scale=2, allowed_base_urls=[]))


def finished(chart: Any, *, title: str, description: str) -> dict[str, Any]:
    """The Vega-Lite definition of an Altair chart with this product's look."""
    drawn = (
        chart.properties(description=f"{title}. {description}")
        .configure(font="Liberation Sans, Arial, Helvetica, sans-serif", background="white")
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor="#eaeef2", domainColor=MUTED, labelLimit=260
        )
        .configure_legend(labelColor=INK, titleColor=INK, orient="bottom", labelLimit=260)
        .configure_view(stroke=None)
    )
    return dict(drawn.to_dict())


def values(records: Sequence[Mapping[str, Json]]) -> Any:
    """Records as inline data."""
    import altair as alt

    return alt.InlineData(values=[dict(record) for record in records])


def entries(report: Report, *path: str) -> list[dict[str, Any]]:
    """The list of objects at a place in the report; empty when it is not there."""
    found: Any = report.figures
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return [entry for entry in found or [] if isinstance(entry, dict)]


def slice_label(entry: Mapping[str, Any]) -> str:
    """Criterion and task kind in words."""
    kind = entry.get("task_kind")
    return f"{entry['criterion']}, {kind}" if kind else str(entry["criterion"])

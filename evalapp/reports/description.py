"""What describes a bundle: the codebook, the data package, the README. All from one schema."""

from __future__ import annotations

from dataclasses import dataclass

from evalapp.reports.canonical import Report, canonical_json
from evalapp.reports.raters import RATERS_COLUMNS
from evalapp.reports.rowfiles import csv_bytes
from evalapp.reports.rows import RATINGS_COLUMNS as RATINGS
from evalapp.reports.rows import PriceRow, Protocol, columns_of
from evalapp.reports.votes import VOTES_COLUMNS


@dataclass(frozen=True, slots=True)
class Column:
    """A column's type (in the words of Table Schema) and meaning."""

    type: str
    meaning: str
    values: tuple[str, ...] = ()


CHOICE = ("a", "b", "tie", "both_bad")
COLUMNS: dict[str, Column] = {
    "study": Column("string", "name of the study"),
    "comparison": Column("string", "two outputs for one sample"),
    "sample": Column("string", "the input's id in its task set"),
    "task_kind": Column("string", "qa, summarize, code, caption, classify or chat"),
    "criterion": Column("string", "what was asked"),
    "rater": Column("string", "pseudonym of the rater"),
    "seat": Column("integer", "which of the comparison's places the rater held"),
    "system_a": Column("string", "the first of the two systems in the study's declared order"),
    "system_b": Column("string", "the second of the two systems"),
    "shown_left": Column("string", "which system stood on the left", ("a", "b")),
    "choice_shown": Column("string", "what the rater chose, as shown", ("left", "right", "tie", "both_bad")),
    "choice": Column("string", "the same with left and right resolved to a system", CHOICE),
    "strength": Column("integer", "strength of the preference, 1 to 3; empty when not asked"),
    "score_a": Column("number", "score given to the output of system a; empty when not asked"),
    "score_b": Column("number", "score given to the output of system b; empty when not asked"),
    "comment": Column("string", "the rater's comment"),
    "status": Column(
        "string",
        "whether the judgment counts, and if not why",
        ("counted", "surplus", "superseded", "excluded", "gold", "repeat", "training"),
    ),
    "exclusion_reason": Column("string", "the declared rule that excluded it"),
    "opened_at": Column("datetime", "when the page was opened, UTC"),
    "first_action_at": Column("datetime", "when the rater first did something, UTC"),
    "submitted_at": Column("datetime", "when the answer came in, UTC"),
    "active_seconds": Column("number", "seconds the page was in view and in use"),
    "revision": Column("integer", "1 for the first answer, higher for corrections"),
    "a": Column("integer", "counted judgments for system a"),
    "b": Column("integer", "counted judgments for system b"),
    "tie": Column("integer", "counted judgments that called it a tie"),
    "both_bad": Column("integer", "counted judgments that called both bad"),
    "counted": Column("integer", "counted judgments"),
    "majority": Column("string", "the choice of more than half of them", (*CHOICE, "no_majority")),
    "mean_score_a": Column("number", "mean score of system a's output"),
    "mean_score_b": Column("number", "mean score of system b's output"),
    "judgments": Column("integer", "counted judgments of the rater, one per criterion"),
    "excluded": Column("integer", "excluded judgments of the rater"),
    "agreement_with_others": Column("number", "share that equals the majority of the other raters"),
    "agreement_low": Column("number", "lower limit of its 95 % Wilson interval"),
    "agreement_high": Column("number", "upper limit of its 95 % Wilson interval"),
    "agreement_of": Column("integer", "judgments for which the others have a majority"),
    "left_share": Column("number", "share of left among the rater's decisive judgments"),
    "left_low": Column("number", "lower limit of its 95 % Wilson interval"),
    "left_high": Column("number", "upper limit of its 95 % Wilson interval"),
    "median_active_seconds": Column("number", "median of active_seconds"),
    "under_speed_floor": Column("number", "share of judgments quicker than the declared floor"),
    "gold_passed": Column("integer", "gold comparisons answered as expected"),
    "gold_of": Column("integer", "gold comparisons with a known answer"),
    "repeats_consistent": Column("integer", "repeats answered as the first time"),
    "repeats_of": Column("integer", "repeats"),
    "model": Column("string", "name of the language model"),
    "input_usd_per_mtok": Column("number", "USD per million input tokens"),
    "cached_input_usd_per_mtok": Column(
        "number", "USD per million cached input tokens; empty: as other input"
    ),
    "output_usd_per_mtok": Column("number", "USD per million output tokens"),
    "valid_from": Column("datetime", "when the price came into force, UTC"),
    "source_url": Column("string", "where the price was read"),
    "checked_on": Column("string", "the day it was read"),
}
TABLES: dict[str, tuple[str, ...]] = {
    "ratings.csv": RATINGS,
    "votes.csv": VOTES_COLUMNS,
    "raters.csv": RATERS_COLUMNS,
    "prices.csv": columns_of(PriceRow),
}
DOCUMENTS: dict[str, tuple[str, str]] = {
    "samples.jsonl": ("application/jsonl", "The inputs."),
    "generations.jsonl": ("application/jsonl", "Each system's output for each sample."),
    "calls.jsonl": ("application/jsonl", "Every request that was sent."),
    "protocol.json": ("application/json", "The frozen settings of the study."),
    "events.jsonl": ("application/jsonl", "What organisers did, each act sealed to the one before."),
    "report.json": ("application/json", "Every figure of the report."),
    "report.html": ("text/html", "The report to read."),
}


def codebook_csv() -> bytes:
    """Every column of every table: file, column, type, allowed values, meaning."""
    return csv_bytes(
        ("file", "column", "type", "values", "meaning"),
        (
            (file, name, COLUMNS[name].type, "|".join(COLUMNS[name].values), COLUMNS[name].meaning)
            for file, names in TABLES.items()
            for name in names
        ),
    )


def datapackage_json(protocol: Protocol) -> bytes:
    """A Data Package (Frictionless) descriptor of the bundle."""
    tables = [
        {
            "name": file.removesuffix(".csv"),
            "path": file,
            "mediatype": "text/csv",
            "encoding": "utf-8",
            "schema": {"fields": [_field(name) for name in names], "missingValues": [""]},
        }
        for file, names in TABLES.items()
    ]
    documents = [
        {"name": file.replace(".", "-"), "path": file, "mediatype": kind, "description": meaning}
        for file, (kind, meaning) in DOCUMENTS.items()
    ]
    return canonical_json(
        {
            "profile": "data-package",
            "name": "evaluation-bundle",
            "title": protocol.study + (" (simulated raters)" if protocol.simulated else ""),
            "resources": [*tables, *documents],
        }
    )


def _field(name: str) -> dict[str, object]:
    column = COLUMNS[name]
    field: dict[str, object] = {"name": name, "type": column.type, "description": column.meaning}
    if column.values:
        field["constraints"] = {"enum": list(column.values)}
    return field


def readme_text(report: Report) -> str:
    """The README of the bundle: what each file is and how to verify and recompute."""
    simulated = (
        "\n**Simulated raters.** No person judged here: the judgments were made by a program.\n"
        if report.figures["simulated"]
        else ""
    )
    files = [
        *(
            (file, f"table; its columns are explained in codebook.csv ({len(names)} columns)")
            for file, names in TABLES.items()
        ),
        *((file, meaning) for file, (_, meaning) in DOCUMENTS.items()),
        ("charts/", "The report's charts as SVG and PNG."),
        ("codebook.csv", "Every column of every table."),
        ("datapackage.json", "The same for machines (Data Package)."),
        ("SHA256SUMS", "Checksums of all files."),
    ]
    listed = "\n".join(f"- `{file}`: {meaning}" for file, meaning in files)
    return (
        f"# {report.figures['study']}\n{simulated}\n"
        "The rows of an evaluation study and the report computed from them.\n\n"
        f"{listed}\n\n"
        "Check the files with `sha256sum --check SHA256SUMS`. Compute the report again from the\n"
        "rows, without a database, with `python -m evalapp.reports bundle BUNDLE.zip -o DIR`.\n"
    )

"""The files a report is computed from, written out of one snapshot of the database."""

from pathlib import Path

from evalapp.reports.rowfiles import protocol_json, rows_csv, write_json_lines
from evalapp.reports.rows import PriceRow
from raters.models import Study
from raters.reporting import rows
from raters.reporting.checksum import input_checksum
from raters.reporting.events import EVENTS, event_lines
from raters.reporting.protocol import protocol_of
from raters.reporting.queries import study_with_task_set
from raters.reporting.ratings import ratings_csv
from raters.reporting.snapshot import snapshot


def write_sources(study_id: int, folder: Path) -> str:
    """Write the bundle's given files; the answer is the checksum of the rows they came from.

    Whatever raters do meanwhile, the files agree with one another. Raises Study.DoesNotExist, and
    RuntimeError inside a transaction.
    """
    with snapshot():
        study = study_with_task_set(study_id)
        write_ratings(study, folder / "ratings.csv")
        write_json_lines(folder / "samples.jsonl", rows.sample_rows(study))
        write_json_lines(folder / "generations.jsonl", rows.generation_rows(study))
        write_json_lines(folder / "calls.jsonl", rows.call_rows(study))
        (folder / "prices.csv").write_bytes(rows_csv(rows.price_rows(study), PriceRow))
        (folder / "protocol.json").write_bytes(protocol_json(protocol_of(study)))
        (folder / EVENTS).write_bytes(b"".join(event_lines(study)))
        return input_checksum(study)


def write_ratings(study: Study, path: Path) -> None:
    """ratings.csv as a file."""
    with path.open("wb") as file:
        file.writelines(ratings_csv(study.pk))

"""``manage.py export_bundle``: a study in one zip, from which anyone computes its report again."""

import argparse
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from raters.audit import CONSOLE
from raters.models import Study
from raters.models.studies import StudyState
from raters.reporting.exporting import write_bundle
from raters.reporting.queries import study_named
from raters.reporting.sealing import open_early


class Command(BaseCommand):
    help = "Write a study's bundle: rows, request log, protocol, report, charts and checksums, in one zip."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", help="name or number of the study")
        parser.add_argument("-o", "--output", required=True, type=Path, help="the zip to write")
        parser.add_argument(
            "--open-early",
            action="store_true",
            help="open the results of a study that is not closed; its log and its report will say so",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = study_named(options["study"])
        except Study.DoesNotExist as problem:
            raise CommandError(str(problem)) from None
        if study.state != StudyState.CLOSED and study.unsealed_at is None:
            if not options["open_early"]:
                raise CommandError(
                    f"The results of “{study.name}” are sealed until it is closed. Close it with "
                    "close_study, or add --open-early, which its log and its report will tell."
                )
            open_early(study.pk, actor=CONSOLE, now=timezone.now())
        self._report(study, write_whole(study.pk, options["output"]), as_json=options["json"])

    def _report(self, study: Study, output: Path, *, as_json: bool) -> None:
        with output.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        size = output.stat().st_size
        if as_json:
            facts = {"study": study.name, "file": str(output), "bytes": size, "sha256": checksum}
            self.stdout.write(json.dumps(facts))
        else:
            self.stdout.write(f"{output}: {size:,} bytes, SHA-256 {checksum}")


def write_whole(study_id: int, output: Path) -> Path:
    """Write the bundle beside its place and move it there, so that no half file is ever found."""
    try:
        handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from None
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            write_bundle(study_id, file)
        unfinished.chmod(0o644)
        unfinished.replace(output)
    except OSError as error:
        raise CommandError(f"{output} cannot be written: {error.strerror}") from None
    finally:
        unfinished.unlink(missing_ok=True)
    return output

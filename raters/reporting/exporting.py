"""The bundle as a zip, out of one snapshot; what was computed before is not computed again."""

import tempfile
from pathlib import Path
from typing import IO

from django.utils.text import slugify

from raters.models import ReportFile, Study
from raters.models.reports import ReportState
from raters.reporting.sources import write_sources


def write_bundle(study_id: int, target: IO[bytes]) -> None:
    """Write the bundle of a study. As long as nothing changed, the bytes are the same.

    Raises Study.DoesNotExist.
    """
    # As in building.py: the numerical packages are loaded only when they are needed.
    from evalapp.reports.bundle import computed_files, pack, read_rows

    with tempfile.TemporaryDirectory(prefix="bundle-") as name:
        folder = Path(name)
        checksum = write_sources(study_id, folder)
        computed = kept_files(study_id, checksum) or computed_files(read_rows(folder))
        pack(target, folder, computed)


def kept_files(study_id: int, input_checksum: str) -> dict[str, bytes]:
    """The stored files that were computed from the rows of this checksum; empty when there are none."""
    files = ReportFile.objects.filter(
        report=study_id, report__state=ReportState.READY, report__input_checksum=input_checksum
    )
    return {file.name: bytes(file.content) for file in files}


def file_stem(study: Study) -> str:
    """A file name for a study that every system takes; files of simulated raters say so in their name."""
    stem = slugify(study.name)[:60].strip("-") or f"study-{study.pk}"
    return f"simulated-{stem}" if study.simulated else stem

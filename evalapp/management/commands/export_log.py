"""``manage.py export_log``: every request of a run and its answer, as JSON Lines."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.generation.logs import log_lines
from evalapp.management.runs import run_numbered


class Command(BaseCommand):
    help = "Write the raw log of a run: one line on the run, then one for each request with its answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="RUN", help="number of the run")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="standard output when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = log_lines(run_numbered(options["run"]))
        path: Path | None = options["output"]
        if path is None:
            for line in lines:
                self.stdout.write(line, ending="")
            return
        count = 0
        try:
            with path.open("w", encoding="utf-8", newline="\n") as file:
                for line in lines:
                    file.write(line)
                    count += 1
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=2) from None
        sys.stderr.write(f"{count - 1} requests written to {path}.\n")

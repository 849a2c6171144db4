"""``manage.py build_report``: compute a study's report here and now and keep it for its page."""

import argparse
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from raters.models import Study
from raters.reporting.building import ReportFailed, build
from raters.reporting.queries import study_named


class Command(BaseCommand):
    help = "Compute a study's report in this process and keep it, so that its page opens at once."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("study", help="name or number of the study")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of a line")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            study = study_named(options["study"])
            report = build(study.pk, clock=timezone.now, progress=self._show)
        except Study.DoesNotExist as problem:
            raise CommandError(str(problem)) from None
        except ReportFailed as problem:
            raise CommandError(f"The report could not be computed. {problem}") from problem
        if options["json"]:
            self.stdout.write(json.dumps({"study": study.name, "input_checksum": report.input_checksum}))
        else:
            self.stdout.write(f"The report of “{study.name}” is ready.")

    def _show(self, share: int, stage: str) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"{share:3} %  {stage}")

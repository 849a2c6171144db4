"""``manage.py distill``: a run's outputs, or those that raters preferred, as training data."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.generation.distilling import Example, examples_of, write_zip
from evalapp.management.runs import run_numbered
from raters.distilling.preferred import LEAST_SHARE, NothingToDistil, preferred_examples
from raters.models import Study
from raters.reporting.queries import study_named


class Command(BaseCommand):
    help = (
        "Write outputs as training data for a smaller model: chat fine-tuning lines, preference pairs, and "
        "beside them where each is from and what raters said of it. Exit status 1 when there are none."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument("--run", metavar="RUN", help="number of a run: all of its usable outputs")
        source.add_argument(
            "--study", help="name or number of a closed study: the outputs that raters preferred"
        )
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.zip")
        parser.add_argument("--criterion", help="which of the study's criteria; its first when left out")
        parser.add_argument(
            "--share",
            type=float,
            default=LEAST_SHARE,
            help="least share of the votes for the preferred output, which needs more than half in any case",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["output"]
        try:
            with path.open("wb") as file:
                count = write_zip(file, _examples(options))
        except NothingToDistil as reason:
            path.unlink(missing_ok=True)
            raise CommandError(str(reason)) from None
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.", returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(path), "examples": count}))
        else:
            self.stdout.write(f"{count} examples written to {path}.")
        if not count:
            sys.exit(1)


def _examples(options: dict[str, Any]) -> Iterator[Example]:
    if options["run"] is not None:
        return examples_of(run_numbered(options["run"]))
    try:
        study = study_named(options["study"])
    except Study.DoesNotExist as missing:
        raise CommandError(str(missing), returncode=2) from None
    return preferred_examples(study, criterion=options["criterion"], least_share=options["share"])

"""``manage.py verify``: check a bundle by itself, without the database it came from."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.reports.csvfile import FileProblem
from evalapp.reports.rowfiles import read_protocol
from evalapp.reports.verification import opened, verify
from raters.reporting.events import EVENTS, chain_problems, read_events


class Command(BaseCommand):
    help = (
        "Check a bundle by itself: the checksums of its files, that its report comes out of its rows again, "
        "and that no event is missing from its log. Exit status 1 when something does not hold."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("bundle", type=Path, help="the zip, or the folder it was unpacked to")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        bundle: Path = options["bundle"]
        try:
            with opened(bundle) as folder, tempfile.TemporaryDirectory(prefix="verify-") as output:
                outcome = verify(folder, Path(output))
                events = read_events(folder / EVENTS)
                problems = outcome.problems() + chain_problems(
                    events, read_protocol(folder / "protocol.json").chain_head
                )
        except FileProblem as problem:
            raise CommandError(f"{bundle}: {problem}") from None
        if options["json"]:
            figures = outcome.figures() | {"holds": not problems, "events": len(events), "problems": problems}
            self.stdout.write(json.dumps(figures))
        else:
            for line in problems:
                self.stderr.write(line)
            self.stdout.write(
                f"{bundle.name}: {len(outcome.verified)} files as listed, {len(outcome.identical)} computed "
                f"again byte for byte, {len(events)} events in an unbroken chain."
                if not problems
                else f"{bundle.name} does not hold; see above."
            )
        if problems:
            sys.exit(1)

"""``check_invariants``: check what must always hold of studies, seats and judgments."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from raters.invariants import AUDIT_RULE, CHECKS, violations


class Command(BaseCommand):
    help = (
        "Check every rule about studies, seats and judgments, and name each violation. Exit status 1 if any."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(violations())
        if options["json"]:
            listed = [{"rule": each.rule, "what": each.what} for each in found]
            self.stdout.write(json.dumps({"rules": len(CHECKS) + 1, "violations": listed}))
        else:
            for each in found:
                self.stdout.write(f"{each.rule}: {each.what}")
        if found:
            raise CommandError(f"{len(found)} violation{'s' if len(found) > 1 else ''}.")
        if not options["json"]:
            self.stdout.write(f"{len([*CHECKS, AUDIT_RULE])} rules hold.")

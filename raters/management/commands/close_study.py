"""``close_study``: take no more judgments and open the results."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from raters import audit, queries
from raters.management.studies import study_named
from raters.studies.closing import close_study
from raters.studies.errors import StateRefused


class Command(BaseCommand):
    help = "Close a study for good: no judgment can be added, and its results can be read."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's name")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        try:
            close_study(study, actor=audit.CONSOLE, now=timezone.now())
        except StateRefused as refusal:
            raise CommandError(str(refusal)) from None
        seats = queries.seats_of(study)
        self.stdout.write(f"Closed “{study.name}” with {seats.judged} of {seats.total} judgments given.")

"""``erase_rater``: forget who a rater is; the judgments stay under the pseudonym."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from raters import audit
from raters.management.studies import study_named
from raters.people.erasing import erase_rater


class Command(BaseCommand):
    help = "Erase a rater's name, address and links. Judgments stay, under the pseudonym alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's name")
        parser.add_argument("rater", help="the rater's pseudonym in that study, for example R2")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        rater = study.raters.filter(pseudonym=options["rater"]).select_related("study").first()
        if rater is None:
            known = ", ".join(study.raters.values_list("pseudonym", flat=True)) or "none yet"
            raise CommandError(f"“{study.name}” has no rater {options['rater']}. Raters: {known}.")
        known_before = erase_rater(rater, actor=audit.CONSOLE, now=timezone.now())
        kept = "had been kept and is erased" if known_before else "was not kept"
        self.stdout.write(
            f"{rater.pseudonym} has left “{study.name}”. An identity {kept}; "
            f"judgments stay under {rater.pseudonym}."
        )

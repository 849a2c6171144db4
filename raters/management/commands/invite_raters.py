"""``invite_raters``: print links by which people join a study."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from raters import audit
from raters.management.studies import study_named
from raters.people.inviting import MOST_AT_ONCE, VALID_DAYS, invite
from raters.studies.errors import StateRefused


class Command(BaseCommand):
    help = "Make one-time links into a study, one for each rater, and print them. They cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("study", help="the study's name")
        parser.add_argument("--count", type=int, default=3, help="how many links; default 3")
        parser.add_argument("--days", type=int, default=VALID_DAYS, help=f"good for; default {VALID_DAYS}")
        parser.add_argument(
            "--base-url", help="where raters reach this site; default: SITE_ADDRESS, else localhost"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object instead")

    def handle(self, *args: Any, **options: Any) -> None:
        study = study_named(options["study"])
        if not 1 <= options["count"] <= MOST_AT_ONCE:
            raise CommandError(f"--count must be 1 to {MOST_AT_ONCE}.")
        if not 1 <= options["days"] <= 365:
            raise CommandError("--days must be 1 to 365.")
        base = (options["base_url"] or settings.SITE_ADDRESS or "http://localhost:8000").rstrip("/")
        try:
            issued = invite(
                study, count=options["count"], days=options["days"], actor=audit.CONSOLE, now=timezone.now()
            )
        except StateRefused as refusal:
            raise CommandError(str(refusal)) from None
        links = [base + reverse("rating:join", args=[each.token]) for each in issued]
        if options["json"]:
            expires_at = issued[0].invitation.expires_at.isoformat()
            self.stdout.write(json.dumps({"study": study.name, "links": links, "expires_at": expires_at}))
        else:
            self.stdout.write("\n".join(links))

"""``manage.py create_organiser``: a one-time sign-in link on the console, the first organiser's way in."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils import timezone

from evalapp.accounts import signing_in
from evalapp.models.accounts import Role


class Command(BaseCommand):
    help = (
        "Print a one-time sign-in link for an organiser (or a researcher), whose account is made if need be."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default="organiser", help="name of the account (default: organiser)")
        parser.add_argument("--role", choices=Role.values, default=Role.ORGANISER.value)
        parser.add_argument("--base-url", default=settings.SITE_ADDRESS or "http://127.0.0.1:8000")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        account = signing_in.account_named(options["name"], Role(options["role"]))
        if account.role != options["role"]:
            raise CommandError(
                f"The account {account.username} exists with the role {account.role}; choose another --name."
            )
        token = signing_in.issue_link(account, now=timezone.now())
        link = options["base_url"].rstrip("/") + reverse("sign-in-link", args=[token])
        if options["json"]:
            self.stdout.write(json.dumps({"name": account.username, "role": account.role, "link": link}))
        else:
            self.stdout.write(
                f"{account.get_role_display()} {account.username} signs in once, within a day, at\n{link}"
            )

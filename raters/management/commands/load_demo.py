"""``manage.py load_demo``: the example data into a running site, and everybody's links."""

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from evalapp.generation.planning import RunRefused
from evalapp.problems import FileRefused
from evalapp.registry.connecting import NotReachable
from raters.demonstration.choosing import ModelsRefused, choose
from raters.demonstration.links import make_links
from raters.demonstration.loading import DemonstrationFailed, load
from raters.studies.errors import StudyError

EXAMPLES = settings.BASE_DIR / "examples"


class Command(BaseCommand):
    help = "Load the example into a site that is running (workers included), and print everybody's links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--models", default="", help="local, a models file, or two model names separated by a comma"
        )
        parser.add_argument(
            "--local-address", default="", help="where the model on this machine answers, with --models local"
        )
        parser.add_argument("--base-url", default=settings.SITE_ADDRESS or "http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            chosen = choose(options["models"], os.environ, EXAMPLES, local_address=options["local_address"])
            study = load(chosen, examples=EXAMPLES, say=self._say)
        except (
            ModelsRefused,
            DemonstrationFailed,
            RunRefused,
            NotReachable,
            FileRefused,
            StudyError,
        ) as problem:
            raise CommandError(f"The example could not be loaded: {problem}") from None
        links = make_links(study, options["base_url"].rstrip("/"))
        self._say("")
        self._say(f"Organiser    {links.organiser}")
        for number, link in enumerate(links.raters, start=1):
            self._say(f"Rater {number}      {link}")
        self._say(f"Researcher   {links.researcher}")
        self._say("Each link works once and signs its browser in; the next start prints fresh ones.")
        if chosen.simulated:
            self._say("No key was needed: the outputs are simulated. With OPENAI_API_KEY they are real.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

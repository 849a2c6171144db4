"""``manage.py demo``: everything on this machine, with the example in it."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operating import plans, services, supervisor
from operating.children import Step
from operating.errors import OperatingError
from raters.demonstration.choosing import ModelsRefused, choose


class Command(BaseCommand):
    help = (
        "Run everything on this machine, as up does, and load the example: six task sets, outputs, a study for "
        "three raters and one judged by simulated raters. Can be run again on the same data."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--models",
            default=os.environ.get("MODELS", ""),
            help="a models file, or two model names separated by a comma (default: MODELS, else simulated ones)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            choose(options["models"], os.environ, settings.BASE_DIR / "examples")
            address = services.address(*plans.web_place())
            loading = Step(
                name="example",
                label="Example",
                command=(
                    sys.executable, str(settings.BASE_DIR / "manage.py"), "load_demo",
                    "--models", options["models"], "--base-url", address,
                ),
                shown=True,
                folder=settings.BASE_DIR,
            )  # fmt: skip
            plan = plans.everything(settings.BASE_DIR, settings.VAR_DIR, after=(loading,))
        except (OperatingError, ModelsRefused) as problem:
            raise CommandError(str(problem)) from problem
        if status := supervisor.run(plan):
            sys.exit(status)

"""``manage.py demo``: everything on this machine, with the example in it."""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operating import local_model, plans, services, supervisor
from operating.children import Child, Step
from operating.errors import OperatingError
from raters.demonstration.choosing import LOCAL, ModelsRefused, choose


class Command(BaseCommand):
    help = (
        "Run everything on this machine, as up does, with an example in it: six task sets, their outputs, a "
        "study for three raters and one judged by simulated raters. Can be run again on the same data."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--models",
            default=os.environ.get("MODELS", ""),
            help="local, a models file, or two names with a comma between (default: MODELS, else simulated)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        models = options["models"]
        try:
            choose(models, os.environ, settings.BASE_DIR / "examples")
            beside: tuple[Child, ...] = ()
            words = ["--models", models, "--base-url", services.address(*plans.web_place())]
            if models == LOCAL:
                local_model.check_installed()
                port = plans.local_model_port()
                beside = (services.small_model(settings.BASE_DIR, port=port),)
                words += ["--local-address", f"http://{local_model.HOST}:{port}/v1"]
            loading = Step(
                name="example",
                label="Example",
                command=(sys.executable, str(settings.BASE_DIR / "manage.py"), "load_demo", *words),
                shown=True,
                folder=settings.BASE_DIR,
            )
            plan = plans.everything(settings.BASE_DIR, settings.VAR_DIR, beside=beside, after=(loading,))
        except (OperatingError, ModelsRefused) as problem:
            raise CommandError(str(problem)) from problem
        if status := supervisor.run(plan):
            sys.exit(status)

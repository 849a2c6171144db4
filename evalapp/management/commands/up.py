"""``manage.py up``: everything on one machine, until Ctrl-C."""

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from operating import plans, supervisor
from operating.errors import OperatingError


class Command(BaseCommand):
    """Starts servers, migrations, workers, scheduler and web server."""

    help = (
        "Run everything on this machine: PostgreSQL and Valkey (unless DATABASE_URL and REDIS_URL name "
        "servers), migrations, worker, scheduler and web server. PORT and HOST choose the address. "
        "Ctrl-C stops."
    )
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run until told to stop; leave with the supervisor's exit status."""
        try:
            plan = plans.everything(settings.BASE_DIR, settings.VAR_DIR)
        except OperatingError as problem:
            raise CommandError(str(problem)) from problem
        if status := supervisor.run(plan):
            sys.exit(status)

"""``manage.py generate``: plan runs of a task set through systems and announce them to the workers."""

import argparse
import json
import sys
import time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from evalapp import tasks
from evalapp.generation.planning import RunRefused, plan_run
from evalapp.generation.queries import RunProgress, progress_of
from evalapp.models import Run, System, TaskSet
from evalapp.models.generation import RunState
from evalapp.registry.connecting import NotReachable


class Command(BaseCommand):
    help = "Have one or more systems answer a task set; the workers do it, and --wait shows how far they are."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--taskset", required=True, help="name of the task set")
        parser.add_argument(
            "--system", required=True, action="append", help="name of a system; may be repeated"
        )
        parser.add_argument(
            "--measure", action="store_true", help="a measured run: warm-up, cache off, one at a time"
        )
        parser.add_argument(
            "--stream", action="store_true", help="stream the answers, noting the first token's time"
        )
        parser.add_argument("--limit", type=int, help="number of samples, or of measured requests")
        parser.add_argument("--concurrency", type=int, help="requests in flight at most, over all workers")
        parser.add_argument("--budget", type=_usd, help="most that each run may cost, in USD")
        parser.add_argument("--wait", action="store_true", help="wait until the runs have ended")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        runs = self._plan(options)
        for run in runs:
            tasks.ring(run.pk)
        ended_well = True
        if options["wait"]:
            ended_well = self._wait(runs, quiet=options["json"])
        self._report(runs, as_json=options["json"])
        if not ended_well:
            sys.exit(1)

    def _plan(self, options: dict[str, Any]) -> list[Run]:
        task_set = TaskSet.objects.filter(name=options["taskset"]).first()
        if task_set is None:
            raise CommandError(
                f"There is no task set named {options['taskset']!r}. Import one with import_taskset."
            )
        systems = {system.name: system for system in System.objects.filter(name__in=options["system"])}
        for name in options["system"]:
            if name not in systems:
                raise CommandError(f"There is no system named {name!r}. Load it with load_models.")
        try:
            with transaction.atomic():
                return [
                    plan_run(
                        task_set=task_set,
                        system=systems[name],
                        measured=options["measure"],
                        limit=options["limit"],
                        streamed=options["stream"],
                        budget_usd=options["budget"],
                        concurrency=options["concurrency"],
                    )
                    for name in dict.fromkeys(options["system"])
                ]
        except (RunRefused, NotReachable) as refusal:
            raise CommandError(str(refusal)) from None

    def _wait(self, runs: list[Run], *, quiet: bool) -> bool:
        shown = ""
        while True:
            progress = [progress_of(run) for run in runs]
            line = "   ".join(_line(run, each) for run, each in zip(runs, progress, strict=True))
            if line != shown and not quiet:
                self.stdout.write(line)
                shown = line
            for run in runs:
                run.refresh_from_db(fields=["state", "reason"])
            if all(run.state != RunState.RUNNING for run in runs):
                return all(run.state == RunState.DONE for run in runs)
            time.sleep(1)

    def _report(self, runs: list[Run], *, as_json: bool) -> None:
        reports = []
        for run in runs:
            progress = progress_of(run)
            reports.append(
                {
                    "run": run.pk,
                    "system": run.system.name,
                    "state": run.state,
                    "reason": run.reason,
                    "total": progress.total,
                    "done": progress.done,
                    "refused": progress.refused,
                    "failed": progress.failed,
                    "waiting": progress.waiting,
                    "cost_usd": str(progress.cost_usd),
                }
            )
        if as_json:
            self.stdout.write(json.dumps({"runs": reports}))
            return
        for report in reports:
            reason = f" ({report['reason']})" if report["reason"] else ""
            self.stdout.write(
                f"Run {report['run']}, {report['system']}: {report['state']}{reason}. {report['done']} done, "
                f"{report['refused']} refused, {report['failed']} failed, {report['waiting']} waiting; "
                f"{report['cost_usd']} USD"
            )


def _line(run: Run, progress: RunProgress) -> str:
    return f"{run.system.name} {progress.ended}/{progress.total}"


def _usd(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount in USD, such as 2.50") from None
    if not amount.is_finite() or amount <= 0:
        raise argparse.ArgumentTypeError("a budget is more than 0 USD")
    return amount

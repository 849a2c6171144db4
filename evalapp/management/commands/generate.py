"""``manage.py generate``: plan runs of a task set through systems and announce them to the workers."""

import argparse
import json
import sys
import time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp import tasks
from evalapp.generation.planning import WARMUP_CALLS, RunRefused
from evalapp.generation.preflight import estimates_of
from evalapp.generation.probing import Probe, probe
from evalapp.generation.queries import RunProgress, progress_of
from evalapp.generation.sweeps import plan_runs, throughput_of
from evalapp.management.preflight import as_json, estimate_lines, probe_line
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
        flights = parser.add_mutually_exclusive_group()
        flights.add_argument("--concurrency", type=int, help="requests in flight at most, over all workers")
        flights.add_argument(
            "--sweep",
            type=_numbers,
            metavar="1,4,16,64",
            help="with --measure: a run for each of these concurrencies, one after another",
        )
        parser.add_argument(
            "--warmup",
            type=int,
            default=WARMUP_CALLS,
            metavar="N",
            help="with --measure: requests that are sent first and not counted (default: %(default)s)",
        )
        parser.add_argument("--budget", type=_usd, help="most that each run may cost, in USD")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="print what the runs would send, cost and take; start nothing",
        )
        parser.add_argument(
            "--probe",
            action="store_true",
            help="send one tiny request to each model first, and start nothing when one does not answer",
        )
        parser.add_argument("--wait", action="store_true", help="wait until the runs have ended")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = _chosen(options)
        probes = probe(chosen["systems"]) if options["probe"] else []
        if options["dry_run"]:
            self._preview(chosen, probes, asked=options)
            return
        if any(each.fault for each in probes):
            faults = "\n".join(probe_line(each) for each in probes if each.fault)
            raise CommandError(f"Nothing was started.\n{faults}")
        try:
            runs = plan_runs(**chosen, streamed=options["stream"])
        except (RunRefused, NotReachable) as refusal:
            raise CommandError(str(refusal)) from None
        for run in runs:
            tasks.ring(run.pk)
        ended_well = True
        if options["wait"]:
            ended_well = self._wait(runs, quiet=options["json"])
        self._report(runs, as_json=options["json"])
        if not ended_well:
            sys.exit(1)

    def _preview(self, chosen: dict[str, Any], probes: list[Probe], *, asked: dict[str, Any]) -> None:
        estimates = estimates_of(**chosen)
        if asked["json"]:
            found = {"estimates": as_json(estimates), "probes": as_json(probes)}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            for each in estimates:
                self.stdout.write("\n".join(estimate_lines(each)))
            for tried in probes:
                self.stdout.write(probe_line(tried))
        if any(each.problems for each in estimates) or any(each.fault for each in probes):
            sys.exit(1)

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
        reached = {each.run_id: each for each in throughput_of(run for run in runs if run.measured)}
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
                    "concurrency": run.concurrency,
                    "calls_per_second": reached[run.pk].calls_per_second if run.pk in reached else None,
                }
            )
        if as_json:
            self.stdout.write(json.dumps({"runs": reports}))
            return
        for report in reports:
            reason = f" ({report['reason']})" if report["reason"] else ""
            pace = ""
            if report["calls_per_second"] is not None:
                pace = f"; {report['calls_per_second']:.2f} requests/s, {report['concurrency']} at a time"
            self.stdout.write(
                f"Run {report['run']}, {report['system']}: {report['state']}{reason}. {report['done']} done, "
                f"{report['refused']} refused, {report['failed']} failed, {report['waiting']} waiting; "
                f"{report['cost_usd']} USD{pace}"
            )


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """What was asked for, as `plan_runs` and `estimates_of` take it."""
    task_set = TaskSet.objects.filter(name=options["taskset"]).first()
    if task_set is None:
        raise CommandError(
            f"There is no task set named {options['taskset']!r}. Import one with import_taskset."
        )
    parts = ("model__endpoint", "fallback_model__endpoint")
    named = System.objects.select_related(*parts).filter(name__in=options["system"])
    systems = {system.name: system for system in named}
    for name in options["system"]:
        if name not in systems:
            raise CommandError(f"There is no system named {name!r}. Load it with load_models.")
    return {
        "task_set": task_set,
        "systems": [systems[name] for name in dict.fromkeys(options["system"])],
        "concurrencies": options["sweep"] or [options["concurrency"]],
        "measured": options["measure"],
        "warmup_calls": options["warmup"],
        "limit": options["limit"],
        "budget_usd": options["budget"],
    }


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


def _numbers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of whole numbers, such as 1,4,16") from None

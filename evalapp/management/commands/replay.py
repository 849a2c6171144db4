"""``manage.py replay``: rebuild every request of a run or a log, and hold it against its checksum."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.generation.replaying import NotALog, Replayed, replay_log, replay_run
from evalapp.management.runs import run_numbered


class Command(BaseCommand):
    help = (
        "Rebuild the body of every request that a run sent, byte for byte, and compare it with the checksum "
        "noted when it was sent. Nothing is sent. Exit status 1 when one differs or cannot be rebuilt."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source", metavar="FILE_OR_RUN", help="a log written by export_log, or a run's number"
        )
        parser.add_argument(
            "-o", "--output", type=Path, metavar="FILE", help="write the bodies there, one a line, in order"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["source"])
        requests = replay_log(path) if path.is_file() else replay_run(run_numbered(options["source"]))
        try:
            with ExitStack() as stack:
                target = options["output"]
                file = (
                    stack.enter_context(target.open("w", encoding="utf-8", newline="\n")) if target else None
                )
                counts, wrong = _replayed(requests, file)
        except (NotALog, UnicodeDecodeError) as fault:
            raise CommandError(f"{path} is not a log of this program: {fault}.", returncode=2) from None
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}.", returncode=2) from None
        self._report(counts, wrong, as_json=options["json"])
        if wrong:
            sys.exit(1)

    def _report(self, counts: Counter[str], wrong: list[Replayed], *, as_json: bool) -> None:
        faults = [
            {"call": each.call_id, "sample": each.sample, "verdict": each.rebuilt.verdict} for each in wrong
        ]
        if as_json:
            report = {"requests": counts.total(), "same": counts["same"], "faults": faults}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
            return
        self.stdout.write(f"{counts['same']} of {counts.total()} requests rebuilt to the byte.")
        for fault in faults:
            where = f", sample {fault['sample']}" if fault["sample"] else ""
            self.stdout.write(f"Request {fault['call']}{where}: {fault['verdict']}")


def _replayed(requests: Iterable[Replayed], file: IO[str] | None) -> tuple[Counter[str], list[Replayed]]:
    counts: Counter[str] = Counter()
    wrong: list[Replayed] = []
    for each in requests:
        counts[each.rebuilt.verdict] += 1
        if each.rebuilt.verdict != "same":
            wrong.append(each)
        if file is not None and each.rebuilt.text is not None:
            file.write(f"{each.rebuilt.text}\n")
    return counts, wrong

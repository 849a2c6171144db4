"""Import a task file: JSON Lines, CSV, or a zip of one of them with pictures."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.kinds import KINDS
from evalapp.problems import FileRefused
from evalapp.tasksets.importing import ImportedTaskSet, import_task_set


class Command(BaseCommand):
    help = "Import a task file (JSON Lines, CSV, or a zip with pictures): all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--kind", required=True, choices=sorted(KINDS), help="the kind of every row")
        parser.add_argument("--name", required=True, help="what to call the task set")
        parser.add_argument(
            "--outputs", action="store_true", help="import the outputs that rows carry as finished runs"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from None
        try:
            imported = import_task_set(
                name=options["name"],
                kind=options["kind"],
                data=data,
                source_name=path.name,
                with_outputs=options["outputs"],
            )
        except FileRefused as refused:
            self._report_problems(refused, as_json=options["json"])
            count = len(refused.problems)
            message = f"Nothing was imported: {count} problem{'' if count == 1 else 's'} in {path.name}."
            raise CommandError(message) from None
        self._report(imported, as_json=options["json"])

    def _report_problems(self, refused: FileRefused, *, as_json: bool) -> None:
        if as_json:
            problems = [asdict(each) for each in refused.problems]
            self.stdout.write(json.dumps({"imported": False, "problems": problems}, ensure_ascii=False))
        else:
            self.stderr.write("\n".join(str(problem) for problem in refused.problems))

    def _report(self, imported: ImportedTaskSet, *, as_json: bool) -> None:
        task_set = imported.task_set
        if as_json:
            found = {
                "imported": True,
                "task_set": task_set.name,
                "kind": task_set.kind,
                "samples": task_set.sample_count,
                "checksum": task_set.checksum,
                "runs": [{"id": run.pk, "system": run.system.name} for run in imported.runs],
                "notes": list(imported.notes),
            }
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        self.stdout.write(
            f"Imported “{task_set.name}”: {task_set.sample_count} samples of kind {task_set.kind}."
        )
        for run in imported.runs:
            self.stdout.write(f"Outputs of {run.system.name} stand as run {run.pk}.")
        for note in imported.notes:
            self.stdout.write(note)

"""``manage.py load_models``: endpoints, models, prices and systems out of a models file."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evalapp.problems import FileRefused
from evalapp.registry.catalogue import load_catalogue


class Command(BaseCommand):
    help = "Load endpoints, models, prices and systems from a models file: all of it, or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.toml")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", returncode=2) from None
        except UnicodeDecodeError:
            raise CommandError(f"{path} is not UTF-8 text.", returncode=2) from None
        try:
            change = load_catalogue(text, base_dir=path.parent)
        except FileRefused as refused:
            if options["json"]:
                problems = [asdict(each) for each in refused.problems]
                self.stdout.write(json.dumps({"loaded": False, "problems": problems}, ensure_ascii=False))
            else:
                self.stderr.write("\n".join(str(problem) for problem in refused.problems))
            count = len(refused.problems)
            raise CommandError(
                f"Nothing was loaded: {count} problem{'' if count == 1 else 's'} in {path.name}."
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps({"loaded": True, **asdict(change)}, ensure_ascii=False))
            return
        for verb, names in (("Added", change.added), ("Changed", change.changed)):
            for name in names:
                self.stdout.write(f"{verb} {name}.")
        if not change.added and not change.changed:
            self.stdout.write("Nothing to do: everything in the file stands already.")

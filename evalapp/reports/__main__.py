"""`python -m evalapp.reports`: figures from files, without Django and without a database.

Each command prints one JSON object. Exit status 0; 1 when a file is wrong or a bundle does not hold, with
a message on standard error; 2 when the command itself is wrong.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    main = argparse.ArgumentParser(prog="python -m evalapp.reports", description=__doc__.splitlines()[0])
    commands = main.add_subparsers(dest="command", required=True)

    bundle = commands.add_parser("bundle", help="verify a bundle and compute its report again")
    bundle.add_argument("bundle", type=Path, metavar="BUNDLE", help="the zip, or a folder with its files")
    bundle.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to write")

    agreement = commands.add_parser("agreement", help="agreement among raters: one row per rating")
    agreement.add_argument("file", type=Path, metavar="FILE.csv")
    for name in ("unit", "rater", "value"):
        agreement.add_argument(f"--{name}", default=name, metavar="COLUMN", help=f"default: {name}")
    agreement.add_argument("--level", choices=("nominal", "ordinal", "interval", "ratio"), default="nominal")
    agreement.add_argument("--seed", type=int, default=0)

    preference = commands.add_parser(
        "preference",
        help="preference between systems: columns left, right, choice[, sample, rater, criterion]",
    )
    preference.add_argument("file", type=Path, metavar="FILE.csv")
    preference.add_argument("--seed", type=int, default=0)

    usage = commands.add_parser(
        "usage",
        help="speed, tokens and cost: columns system, latency_ms, input_tokens, output_tokens[, task_kind]",
    )
    usage.add_argument("file", type=Path, metavar="FILE.csv")
    usage.add_argument("--prices", type=Path, metavar="models.toml", help="with it, cost is computed")
    return main


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit status."""
    chosen = parser().parse_args(arguments)
    # Imported after the arguments are known to be right: numpy alone takes longer than reading them.
    from evalapp.reports import commands
    from evalapp.reports.csvfile import FileProblem

    try:
        return commands.COMMANDS[chosen.command](chosen)
    except FileProblem as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename or chosen.command}: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

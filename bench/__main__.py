"""``python -m bench [NAME …]``: run the benches named, or all; ``--list`` says which there are."""

import argparse
import importlib
import sys
from collections.abc import Sequence

BENCHES = {
    "generation": "a pump with its durable ledger beside the bare client, and its memory",
    "rating": "answering and getting the next comparison, beside a bare view and by size of the study",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benches one after another; the exit status is 1 when one missed its mark."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHES)} (default: all)")
    parser.add_argument("--list", action="store_true", help="say what each measures, and end")
    given = parser.parse_args(arguments)
    if given.list:
        for name, what in BENCHES.items():
            print(f"{name}  {what}")
        return 0
    unknown = [name for name in given.names if name not in BENCHES]
    if unknown:
        parser.error(f"no bench is called {unknown[0]}; there are: {', '.join(BENCHES)}")
    missed = False
    for name in given.names or BENCHES:
        missed |= not importlib.import_module(f"bench.{name}.comparing").run()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

"""``python -m operating``: PostgreSQL and Valkey alone, for tests and for development."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from operating import addresses, plans, runtime, supervisor
from operating.errors import OperatingError
from operating.servers import EmbeddedServers
from operating.supervisor import Plan


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the servers until told to stop; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m operating", description=__doc__)
    parser.add_argument("--root", type=Path, help="folder for data and sockets (default: the checkout's)")
    parser.add_argument(
        "--throwaway", action="store_true", help="fast and unsafe: delete all data at the end"
    )
    parser.add_argument("--while-alive", type=int, metavar="PID", help="end when this process ends")
    given = parser.parse_args(arguments)
    if given.throwaway and given.root is None:
        parser.error("--throwaway deletes data: name a folder for it with --root")
    try:
        plan = _plan(given.root, throwaway=given.throwaway, watched=given.while_alive)
        return supervisor.run(plan)
    except OperatingError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    finally:
        if given.throwaway:
            plan.servers.remove()


def _plan(root: Path | None, *, throwaway: bool, watched: int | None) -> Plan:
    base_dir = Path(__file__).resolve().parent.parent
    var_dir = Path(os.environ.get("VAR_DIR") or base_dir / "var")
    if root is None:
        servers, log_dir = plans.servers_of(var_dir), var_dir / "log"
    else:
        servers = EmbeddedServers(where=runtime.at(root.absolute()), var_dir=None, durable=not throwaway)
        log_dir = root / "log"
    reached = addresses.of_runtime(servers.where)
    lines = (f"DATABASE_URL={reached.database_url}", f"REDIS_URL={reached.redis_url}")
    return Plan(log_dir=log_dir, servers=servers, closing=lines, watched=watched)


if __name__ == "__main__":
    sys.exit(main())

"""``python -m operating``: one part of the whole at a time, for containers, service managers and tests.

``servers``: PostgreSQL and Valkey alone, until told to stop.
``web``, ``worker``, ``scheduler``: become that process, with the options that ``manage.py up`` gives it.
``healthy``: exit status 0 when the web server on PORT answers.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from operating import addresses, plans, runtime, services, supervisor
from operating.errors import OperatingError
from operating.servers import EmbeddedServers
from operating.supervisor import Plan

BASE_DIR = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m operating", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("servers", "web", "worker", "scheduler", "healthy"))
    only_servers = parser.add_argument_group("for servers")
    only_servers.add_argument(
        "--root", type=Path, help="folder for data and sockets (default: the checkout's)"
    )
    only_servers.add_argument(
        "--throwaway", action="store_true", help="fast and unsafe; all data go at the end"
    )
    only_servers.add_argument("--while-alive", type=int, metavar="PID", help="end when this process ends")
    given = parser.parse_args(arguments)
    if given.throwaway and given.root is None:
        parser.error("--throwaway deletes data: name a folder for it with --root")
    try:
        if given.what == "servers":
            return run_servers(given.root, throwaway=given.throwaway, watched=given.while_alive)
        if given.what == "healthy":
            return 0 if asyncio.run(services.answers(*plans.web_place())) else 1
        become(given.what)
    except OperatingError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def run_servers(root: Path | None, *, throwaway: bool, watched: int | None) -> int:
    """Run the servers of the checkout, or others on data under ``root``, until told to stop."""
    if root is None:
        var_dir = plans.var_dir(BASE_DIR)
        servers, log_dir = plans.servers_of(var_dir), var_dir / "log"
    else:
        servers = EmbeddedServers(where=runtime.at(root.absolute()), var_dir=None, durable=not throwaway)
        log_dir = root / "log"
    reached = addresses.of_runtime(servers.where)
    lines = (f"DATABASE_URL={reached.database_url}", f"REDIS_URL={reached.redis_url}")
    try:
        return supervisor.run(Plan(log_dir=log_dir, servers=servers, closing=lines, watched=watched))
    finally:
        if throwaway:
            servers.remove()


def become(name: str) -> None:
    """Replace this process by the named service; a service manager then sees to restarts and logs."""
    host, port = plans.web_place()
    children = (
        services.worker(BASE_DIR),
        services.scheduler(BASE_DIR),
        services.web(BASE_DIR, host=host, port=port),
    )
    [child] = [child for child in children if child.name == name]
    os.chdir(child.folder)
    os.execve(child.command[0], child.command, dict(child.environment))  # noqa: S606 - it is the purpose


if __name__ == "__main__":
    sys.exit(main())

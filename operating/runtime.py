"""Where the servers of a checkout keep data and sockets, found alike by every process of that checkout."""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from operating import accounts
from operating.errors import OperatingError

# A socket's path must fit into 103 bytes on macOS and 107 on Linux.
LONGEST_SOCKET_PATH_BYTES = 103
SOCKET_FALLBACK = Path("/tmp")  # noqa: S108 - short, the same for every process; ownership is checked at start
SHARED_PARENTS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 - checked likewise
POINTER_NAME = "servers-elsewhere.json"


@dataclass(frozen=True, slots=True)
class Runtime:
    """The folders of one set of servers."""

    root: Path
    sockets: Path

    @property
    def postgres_data(self) -> Path:
        return self.root / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.root / "valkey"

    @property
    def software(self) -> Path:
        return self.root / "software"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / ".s.PGSQL.5432"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"


def at(root: Path) -> Runtime:
    """The runtime rooted at a folder; its sockets lie there unless their path were too long."""
    sockets = root / "run"
    if len(os.fsencode(sockets / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH_BYTES:
        sockets = SOCKET_FALLBACK / f"blind-eval-{_fingerprint(root)}"
    return Runtime(root=root, sockets=sockets)


def locate(var_dir: Path) -> Runtime:
    """Where the servers of the checkout with this ``var`` folder live; reads file modes, changes nothing.

    Normally ``var/servers``. Started by root in a folder that no unprivileged account can reach, the
    runtime goes to ``/var/lib/blind-eval/…`` and a note in ``var`` says so, which is followed ever after.
    """
    var_dir = var_dir.absolute()
    inside = var_dir / "servers"
    noted = _noted(var_dir)
    if noted is not None:
        return at(noted)
    if os.geteuid() != 0 or inside.exists():
        return at(inside)
    account = accounts.for_servers(inside)
    if account is None or accounts.may_enter(account, inside):
        return at(inside)
    parent = next((folder for folder in SHARED_PARENTS if os.access(folder, os.W_OK)), SHARED_PARENTS[-1])
    return at(parent / "blind-eval" / _fingerprint(var_dir))


def prepare_var(var_dir: Path) -> None:
    """Make the ``var`` folder passable, whatever the umask says; what is private inside has its own mode."""
    _make_passable(var_dir)


def prepare(runtime: Runtime, var_dir: Path | None, account: accounts.Account | None) -> None:
    """Make the runtime's folders, owned by the account that runs the servers, and note where they are."""
    _make_passable(runtime.root.parent)
    for folder in (runtime.root, runtime.valkey_data, runtime.sockets):
        folder.mkdir(exist_ok=True)
    _claim(runtime.root, account, 0o711 if account else 0o700)
    _claim(runtime.valkey_data, account, 0o700)
    _claim(runtime.sockets, account, 0o700)
    if var_dir is not None and runtime.root != var_dir.absolute() / "servers":
        note = {"servers": str(runtime.root), "var": str(var_dir.absolute())}
        (var_dir / POINTER_NAME).write_text(json.dumps(note) + "\n", encoding="utf-8")


def _make_passable(folder: Path) -> None:
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(0o755)


def _noted(var_dir: Path) -> Path | None:
    """The folder an earlier start noted; a note copied along with a checkout that still exists is ignored."""
    try:
        note = json.loads((var_dir / POINTER_NAME).read_text(encoding="utf-8"))
        servers, noted_by = Path(note["servers"]), Path(note["var"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as problem:
        raise OperatingError(
            f"{var_dir / POINTER_NAME} is not readable as a note of where the data is ({problem}). "
            "Restore it, or remove it to start with new data."
        ) from problem
    copied = noted_by != var_dir and noted_by.exists()
    return None if copied else servers


def _claim(folder: Path, account: accounts.Account | None, mode: int) -> None:
    """Own the folder with exactly this mode; somebody else's folder under the same name is refused."""
    status = folder.lstat()
    owners = {os.geteuid()} | ({account.uid} if account else set())
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in owners:
        raise OperatingError(
            f"{folder} belongs to another user. Start as that user, or move the folder away."
        )
    if account and status.st_uid != account.uid:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(mode)


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:12]

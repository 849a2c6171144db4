"""Which account runs the servers: PostgreSQL refuses to run as root, so root hands it over."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from operating.errors import ServerUnavailable

# In order of preference; both exist on common systems and neither is created by us.
UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


def own_name() -> str:
    """The name of the account this process runs as; its number where it has no name (some containers)."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def for_servers(data: Path) -> Account | None:
    """The account that must run the servers on ``data``, or ``None`` when it is our own.

    Existing data keeps its owner; new data made by root goes to the first unprivileged account there is.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and (owner := data.stat().st_uid) != 0:
        return _account(pwd.getpwuid(owner))
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise ServerUnavailable(
        f"PostgreSQL does not run as root, and none of the accounts {', '.join(UNPRIVILEGED)} exists. "
        "Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server."
    )


def may_enter(account: Account, folder: Path) -> bool:
    """Whether the account may pass through every existing folder from the root down to ``folder``."""
    return all(
        _allowed(account, ancestor.stat(), execute=True)
        for ancestor in (folder, *folder.parents)
        if ancestor.exists()
    )


def may_read(account: Account, file: Path) -> bool:
    """Whether the account may reach and read the file."""
    return may_enter(account, file.parent) and _allowed(account, file.stat(), execute=False)


def _allowed(account: Account, status: os.stat_result, *, execute: bool) -> bool:
    if status.st_uid == account.uid:
        bit = stat.S_IXUSR if execute else stat.S_IRUSR
    elif status.st_gid == account.gid:
        bit = stat.S_IXGRP if execute else stat.S_IRGRP
    else:
        bit = stat.S_IXOTH if execute else stat.S_IROTH
    return bool(status.st_mode & bit)


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

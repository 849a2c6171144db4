"""The embedded servers of one runtime, made ready to start."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operating import accounts, postgres, runtime, valkey
from operating.children import Child
from operating.runtime import Runtime


@dataclass(frozen=True, slots=True)
class EmbeddedServers:
    """Which servers run where. ``durable=False`` trades safety after a crash for speed (tests).

    ``var_dir`` keeps the note that leads to a runtime outside of it; ``None`` for a runtime that needs none.
    """

    where: Runtime
    var_dir: Path | None
    with_postgres: bool = True
    with_valkey: bool = True
    durable: bool = True

    def __bool__(self) -> bool:
        return self.with_postgres or self.with_valkey

    def make_folders(self) -> None:
        """Make the runtime's folders for the account that will run the servers."""
        runtime.prepare(self.where, self.var_dir, accounts.for_servers(self.where.postgres_data))

    def prepare(self, say: Callable[[str], None]) -> tuple[Child, ...]:
        """The servers as children, on data that exists and is in nobody's use. The caller holds the lock."""
        account = accounts.for_servers(self.where.postgres_data)
        children = []
        if self.with_postgres:
            children.append(postgres.prepare(self.where, account, durable=self.durable, say=say))
        if self.with_valkey:
            children.append(valkey.prepare(self.where, account, durable=self.durable, say=say))
        return tuple(children)

    def remove(self) -> None:
        """Delete data, sockets and copies; for runtimes made for one run."""
        shutil.rmtree(self.where.root, ignore_errors=True)
        shutil.rmtree(self.where.sockets, ignore_errors=True)

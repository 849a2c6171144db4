"""The addresses at which the embedded servers of a checkout answer, whether or not they run."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from operating import runtime

DATABASE = "blind_eval"
ROLE = "blind_eval"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The parts of both addresses and the addresses themselves."""

    postgres_socket_dir: Path
    postgres_database: str
    postgres_user: str
    valkey_socket: Path

    @property
    def database_url(self) -> str:
        """As libpq writes it: ``postgresql://user@/database?host=/folder``."""
        folder = quote(str(self.postgres_socket_dir))
        return f"postgresql://{self.postgres_user}@/{self.postgres_database}?host={folder}"

    @property
    def redis_url(self) -> str:
        """As redis-py writes it: ``unix:///path``."""
        return f"unix://{quote(str(self.valkey_socket))}"


def for_checkout(base_dir: Path, var_dir: Path | None = None) -> Addresses:
    """The addresses of the checkout at ``base_dir``; a few file system look-ups, no server is asked."""
    return of_runtime(runtime.locate(var_dir or base_dir / "var"))


def of_runtime(where: runtime.Runtime) -> Addresses:
    """The addresses of the servers in a given runtime."""
    return Addresses(
        postgres_socket_dir=where.sockets,
        postgres_database=DATABASE,
        postgres_user=ROLE,
        valkey_socket=where.valkey_socket,
    )

"""Typed readers of environment variables; nonsense is refused at start, with the variable and the remedy."""

import os
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off"}


def text(name: str, default: str) -> str:
    """The variable's value, or the default when it is unset or empty."""
    return os.environ.get(name) or default


def flag(name: str, *, default: bool) -> bool:
    """A yes-or-no variable; anything but the usual words is refused."""
    raw = os.environ.get(name, "").strip().lower()
    if not raw:
        return default
    if raw in TRUE_WORDS | FALSE_WORDS:
        return raw in TRUE_WORDS
    raise ImproperlyConfigured(f"{name}={raw!r} is not a yes or a no: use 1 or 0.")


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number between ``least`` and ``most`` inclusive."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        number = int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} is not a whole number.") from None
    if not least <= number <= most:
        raise ImproperlyConfigured(f"{name}={number} is outside {least} to {most}.")
    return number


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list; blanks are dropped."""
    raw = os.environ.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] or list(default)


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """The parts of a ``postgresql://`` address; a socket folder is given as ``?host=/folder``."""

    name: str
    user: str
    password: str
    host: str
    port: str
    options: dict[str, str]


def database_address(name: str, default: str) -> DatabaseAddress:
    """Read a libpq-style PostgreSQL address; any other scheme is refused: no other database is supported."""
    raw = text(name, default)
    parts = urlsplit(raw)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{name} must start with postgresql:// (PostgreSQL is the one database supported)."
        )
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    database = unquote(parts.path.lstrip("/"))
    if not database:
        raise ImproperlyConfigured(f"{name} names no database: postgresql://user:password@host:5432/DATABASE")
    return DatabaseAddress(
        name=database,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=host,
        port=str(parts.port or options.pop("port", "")),
        options=options,
    )


def redis_address(name: str, default: str) -> str:
    """Read a ``redis://``, ``rediss://`` or ``unix://`` address, as redis-py takes it."""
    raw = text(name, default)
    if urlsplit(raw).scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(f"{name} must start with redis://, rediss:// or unix://.")
    return raw


def broker_address(redis_url: str) -> str:
    """The same address as Celery's transport spells it: a Unix socket is ``redis+socket://`` there."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    database = dict(parse_qsl(parts.query)).get("db", "0")
    return f"redis+socket://{parts.path}?virtual_host={database}"

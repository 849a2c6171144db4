"""The key that signs sessions and links, made once per checkout and kept readable by its owner alone."""

import os
import secrets
from pathlib import Path

from operating import runtime
from operating.errors import OperatingError


def kept_key(var_dir: Path) -> str:
    """The checkout's key, made on first use. Two processes that start at once agree on one key."""
    file = var_dir / "secret-key"
    try:
        if not file.exists():
            runtime.prepare_var(var_dir)
            _make(file)
        key = file.read_text(encoding="ascii").strip()
    except OSError as problem:
        raise OperatingError(
            f"The signing key in {file} cannot be read or made ({problem.strerror}). "
            "Start as the owner of that folder, or set SECRET_KEY."
        ) from problem
    if len(key) < 50:
        raise OperatingError(f"The signing key in {file} is cut short. Remove the file, or set SECRET_KEY.")
    return key


def _make(file: Path) -> None:
    # Written beside and then linked into place: the first of several processes wins, none reads half a key.
    draft = file.with_name(f"secret-key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(64) + "\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

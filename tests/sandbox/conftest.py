"""The sandbox as it stands on this machine, and a ground around it to be reached."""

import platform
import subprocess
from collections.abc import Iterator

import pytest

from evalapp.generation.sandbox import account
from evalapp.generation.sandbox.filter import PROCESSORS
from evalapp.generation.sandbox.software import python_for
from tests.sandbox import ground as grounds

_MAKE_NAMESPACE = """
import ctypes, os, sys
uid = os.getuid()
if ctypes.CDLL(None).unshare(0x10000000) != 0:
    sys.exit(1)
open("/proc/self/uid_map", "w").write(f"{uid} {uid} 1")
"""


@pytest.fixture(scope="session")
def namespaces_forbidden() -> bool:
    """Whether this kernel keeps ordinary users from making user namespaces, found out without bubblewrap."""
    outside = account.outside()
    python = python_for(outside)
    assert python is not None
    tried = subprocess.run(
        [str(python.executable), "-S", "-c", _MAKE_NAMESPACE],
        check=False,
        user=outside.uid if outside else None,
        group=outside.gid if outside else None,
        extra_groups=[] if outside else None,
    )
    return tried.returncode != 0


@pytest.fixture(scope="module")
def ground() -> Iterator[grounds.Ground]:
    laid = grounds.lay()
    yield laid
    grounds.clear(laid)


@pytest.fixture(scope="session")
def column() -> int:
    """This processor's column of system call numbers."""
    return PROCESSORS[platform.machine()].column

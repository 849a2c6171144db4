"""Run a command that dies with its parent: ``tether.py PARENT SIGNAL UID GID COMMAND…``.

A script of its own, started before the command and replaced by it. It asks the kernel (Linux) to send SIGNAL
when the parent goes, after giving up root where UID and GID are not ``-``, since a change of user clears that
wish. It imports nothing of the package, so that an isolated interpreter runs it in a few milliseconds.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, death_signal: int, uid: str, gid: str, command: list[str]) -> None:
    """Give up root if told to, tie this process to its parent and become the command."""
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the parent ended before the command began")
    os.execvp(command[0], command)  # noqa: S606 - becoming the command is the purpose


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4], sys.argv[5:])
    except OSError as problem:
        sys.exit(f"cannot start {sys.argv[5]}: {problem}")

"""Attempts to touch other processes, or to make more of them."""

from tests.sandbox.attempts.attempt import CALLING, Attempt

NO_SUCH_PROCESS = "ProcessLookupError"
NOT_PERMITTED = "PermissionError: .*Operation not permitted"

PROCESSES = (
    Attempt(
        "ends a process of the same user",
        """
import os, signal
def escape():
    os.kill($pid, signal.SIGTERM)
    return True
""",
        NO_SUCH_PROCESS,
        harmless=True,
    ),
    Attempt(
        "ends everybody it can",
        """
import os, signal
def escape():
    os.kill(-1, signal.SIGKILL)
    return True
""",
        NO_SUCH_PROCESS,
    ),
    Attempt(
        "ends its parent",
        """
import os, signal
def escape():
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getppid(), signal.SIGTERM)
    return os.getppid() == 0
""",
        "AssertionError",
    ),
    Attempt(
        "ends its group",
        """
import os, signal
def escape():
    os.killpg(0, signal.SIGTERM)
    return True
""",
        "SIGTERM",
    ),
    Attempt(
        "slows another process down",
        """
import os
def escape():
    os.setpriority(os.PRIO_PROCESS, $pid, 19)
    return True
""",
        NO_SUCH_PROCESS,
        harmless=True,
    ),
    Attempt(
        "reads the limits of another process",
        """
import resource
def escape():
    return resource.prlimit($pid, resource.RLIMIT_NOFILE)
""",
        NO_SUCH_PROCESS,
        harmless=True,
    ),
    Attempt(
        "takes hold of another process by ptrace",
        CALLING
        + """
def escape():
    return call($ptrace, 0x4206, $pid, 0, 0) == 0
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "lets itself be traced",
        CALLING
        + """
def escape():
    return call($ptrace, 0, 0, 0, 0) == 0
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "reads another process's memory",
        CALLING
        + """
def escape():
    call($process_vm_readv, $pid, 0, 0, 0, 0, 0)
    return True
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "opens a handle on another process",
        CALLING
        + """
def escape():
    return call($pidfd_open, $pid, 0)
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "forks",
        """
import os
def escape():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "forks for ever",
        """
import os
def escape():
    made = 0
    for _ in range(100_000):
        try:
            os.fork()
            made += 1
        except OSError:
            pass
    return made
""",
        "AssertionError",
    ),
    Attempt(
        "clones itself past the C library",
        CALLING
        + """
import platform
def escape():
    child = call({"x86_64": 56, "aarch64": 220}[platform.machine()], 17, 0, 0, 0, 0)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return True
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "runs a shell",
        """
import subprocess
def escape():
    return subprocess.run(["/bin/sh", "-c", "true"]).returncode == 0
""",
        "Operation not permitted|FileNotFoundError",
        harmless=True,
    ),
    Attempt(
        "spawns a program",
        """
import os, sys
def escape():
    child = os.posix_spawn(sys.executable, [sys.executable, "-S", "-c", ""], {})
    return os.waitpid(child, 0)[1] == 0
""",
        "Operation not permitted",
        harmless=True,
    ),
    Attempt(
        "starts a hundred threads",
        """
import threading
def escape():
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(100)]
    started = 0
    try:
        for each in threads:
            each.start()
            started += 1
    finally:
        stop.set()
    return started == 100
""",
        "can't start new thread",
        harmless=True,
    ),
)

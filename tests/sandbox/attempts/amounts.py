"""Attempts to use more than there is for one run."""

from tests.sandbox.attempts.attempt import CALLING, Attempt

AMOUNTS = (
    Attempt(
        "maps a gibibyte of memory",
        """
import mmap
def escape():
    return mmap.mmap(-1, 1 << 30)
""",
        "Cannot allocate memory",
        harmless=True,
    ),
    Attempt(
        "fills the memory",
        """
def escape():
    kept = []
    while True:
        kept.append(bytearray(1 << 26))
""",
        "MemoryError",
    ),
    Attempt(
        "raises its own limits",
        """
import resource
def escape():
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return True
""",
        "not allowed to raise maximum limit",
        harmless=True,
    ),
    Attempt(
        "writes a file of 20 MB",
        """
def escape():
    with open("large", "wb") as file:
        for _ in range(20):
            file.write(bytes(1_000_000))
    return True
""",
        "File too large|No space left on device",
        harmless=True,
    ),
    Attempt(
        "writes 30 files of 1 MB",
        """
def escape():
    for number in range(30):
        with open(str(number), "wb") as file:
            file.write(bytes(1_000_000))
    return True
""",
        "No space left on device",
        harmless=True,
    ),
    Attempt(
        "reserves a terabyte in a sparse file",
        """
import os
def escape():
    with open("sparse", "wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    return True
""",
        "File too large|SIGXFSZ",
        harmless=True,
    ),
    Attempt(
        "opens a hundred files at a time",
        """
def escape():
    kept = [open("/dev/null") for _ in range(100)]
    return len(kept) == 100
""",
        "Too many open files",
        harmless=True,
    ),
    Attempt(
        "keeps memory in a nameless file",
        """
import os
def escape():
    return os.memfd_create("hidden")
""",
        "Operation not permitted",
        harmless=True,
    ),
    Attempt(
        "keeps memory in a shared segment",
        """
from multiprocessing.shared_memory import SharedMemory
def escape():
    segment = SharedMemory(create=True, size=4096)
    segment.close()
    segment.unlink()
    return True
""",
        "Error",
        harmless=True,
    ),
    Attempt(
        "keeps memory in a System V segment",
        CALLING
        + """
def escape():
    return call($shmget, 0, 4096, 0o1600)
""",
        "Operation not permitted",
    ),
    Attempt(
        "keeps memory in a message queue",
        CALLING
        + """
def escape():
    return call($msgget, 0, 0o1600)
""",
        "Operation not permitted",
    ),
    Attempt(
        "makes hundreds of thousands of folders within folders",
        """
import os
def escape():
    for _ in range(400_000):
        os.mkdir("in")
        os.chdir("in")
    return True
""",
        "too many files",
    ),
    Attempt(
        "keeps memory in a file's attributes",
        """
import os
def escape():
    open("file", "w").close()
    os.setxattr("file", "user.hidden", b"x" * 1000)
    return True
""",
        "Operation not permitted",
    ),
    Attempt(
        "keeps memory in watches of files",
        CALLING
        + """
def escape():
    return call($inotify_init1, 0)
""",
        "Operation not permitted",
        harmless=True,
    ),
    Attempt(
        "locks memory",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    if libc.mlockall(3) == 0:
        return True
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
        "Cannot allocate memory|Operation not permitted",
    ),
    Attempt(
        "recurses without end",
        """
import sys
def escape():
    sys.setrecursionlimit(10**9)
    def down(n):
        return [down(n + 1)]
    return down(0)
""",
        "SIGSEGV|SIGABRT|MemoryError|SystemError|RecursionError|processor time|not done after",
    ),
    Attempt(
        "nests a pattern too deep for the compiler",
        """
def escape():
    return eval("(" * 100_000 + ")" * 100_000) is None
""",
        "SyntaxError|MemoryError|SIGSEGV",
    ),
)

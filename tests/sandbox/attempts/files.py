"""Attempts to read what is not theirs and to leave something behind."""

from tests.sandbox.attempts.attempt import Attempt

MISSING = "FileNotFoundError"
READ_ONLY = "Read-only file system"

FILES = (
    Attempt(
        "reads the machine's accounts",
        """
def escape():
    return open("/etc/passwd").read()
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "reads a file that everybody may read",
        """
def escape():
    return open("$secret").read() == "$word"
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "climbs out of its folder",
        """
def escape():
    return open("../" * 20 + "$secret").read() == "$word"
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "looks for it by name",
        """
import glob
def escape():
    return glob.glob("/tmp/*/secret") + glob.glob("/*/*/*/secret") + glob.glob("/*/secret")
""",
        "AssertionError",
        harmless=True,
    ),
    Attempt(
        "follows a symbolic link of its own",
        """
import os
def escape():
    os.symlink("$secret", "link")
    return open("link").read() == "$word"
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "makes a hard link to it",
        """
import os
def escape():
    os.link("$secret", "linked")
    return open("linked").read() == "$word"
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "makes a hard link to what it can see",
        """
import os
def escape():
    os.link(os.__file__, "linked")
    return True
""",
        "Invalid cross-device link",
    ),
    Attempt(
        "reads the environment of a process",
        """
def escape():
    return b"$word" in open("/proc/$pid/environ", "rb").read()
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "reads the environment of the sandbox's first process",
        """
def escape():
    return open("/proc/1/environ", "rb").read() or True
""",
        MISSING,
    ),
    Attempt(
        "enters by the root folder of a process",
        """
def escape():
    return open("/proc/self/root/$secret").read() == "$word"
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "opens the memory of a process",
        """
def escape():
    return open("/proc/$pid/mem", "rb")
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "mounts its own /proc by making the folder",
        """
import os
def escape():
    os.mkdir("/proc")
    return True
""",
        READ_ONLY,
    ),
    Attempt(
        "reads the kernel's messages, memory and disks",
        """
def escape():
    for name in ("kmsg", "mem", "port", "vda", "sda", "nvme0n1", "tty", "ptmx", "fuse", "kvm", "net/tun"):
        try:
            return open("/dev/" + name, "rb")
        except OSError as error:
            assert error.errno == 2, error
""",
        "assert escape",
    ),
    Attempt(
        "reads its own environment",
        """
import os
def escape():
    return os.environ.get("SECRET") == "$word" or len(os.environ) > 0
""",
        "AssertionError",
        harmless=True,
    ),
    Attempt(
        "uses a descriptor that was left open",
        """
import os, stat
def escape():
    for each in range(3, 1024):
        try:
            mode = os.fstat(each).st_mode
        except OSError:
            continue
        if not stat.S_ISFIFO(mode):
            return True
""",
        "AssertionError",
    ),
    Attempt(
        "writes where everybody may write",
        """
def escape():
    return open("$folder/written", "w").write("here")
""",
        MISSING,
        harmless=True,
    ),
    Attempt(
        "writes into the root folder",
        """
def escape():
    return open("/written", "w").write("here")
""",
        READ_ONLY,
    ),
    Attempt(
        "writes among the system's libraries",
        """
def escape():
    return open("/usr/lib/written", "w").write("here")
""",
        READ_ONLY,
    ),
    Attempt(
        "changes Python's own library",
        """
import os
def escape():
    return open(os.__file__, "a").write("import sandbox")
""",
        READ_ONLY + "|Permission denied",
    ),
    Attempt(
        "removes a library",
        """
import os
def escape():
    os.unlink(os.__file__)
    return True
""",
        READ_ONLY + "|Permission denied",
    ),
    Attempt(
        "makes a device",
        """
import os, stat
def escape():
    os.mknod("disk", stat.S_IFBLK | 0o600, os.makedev(254, 0))
    return True
""",
        "Operation not permitted",
    ),
    Attempt(
        "writes among the devices",
        """
def escape():
    return open("/dev/written", "w").write("here")
""",
        READ_ONLY,
    ),
    Attempt(
        "makes a program that runs as its owner",
        """
import os, shutil, sys
def escape():
    with open("/dev/zero", "rb") as source, open("program", "wb") as copy:
        copy.write(source.read(16))
    os.chmod("program", 0o4755)
    os.chown("program", 0, 0)
    return True
""",
        "Invalid argument|Operation not permitted",
    ),
)

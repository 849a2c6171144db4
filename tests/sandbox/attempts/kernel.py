"""Attempts to change the machine, to gain rights, or to use what the kernel offers to administrators."""

from tests.sandbox.attempts.attempt import CALLING, Attempt

NOT_PERMITTED = "PermissionError: .*Operation not permitted"

KERNEL = (
    Attempt(
        "makes a user namespace of its own",
        CALLING
        + """
def escape():
    return call($unshare, 0x10000000) == 0
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "makes a thread in a namespace of its own",
        CALLING
        + """
import platform
def escape():
    return call({"x86_64": 56, "aarch64": 220}[platform.machine()], 0x10000000 | 17, 0, 0, 0, 0) == 0
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "mounts a file system",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, b"size=1g") == 0:
        return True
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "makes the system's folders writable again",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    if libc.mount(None, b"/usr/lib", None, 32 | 4096, None) == 0:
        return True
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "unmounts what hides the rest",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    if libc.umount2(b"/tmp", 2) == 0:
        return True
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "changes its root folder",
        """
import os
def escape():
    os.mkdir("root")
    os.chroot("root")
    return True
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "becomes root",
        """
import os
def escape():
    os.setuid(0)
    return os.getuid() == 0
""",
        "Operation not permitted|Invalid argument",
    ),
    Attempt(
        "gives itself groups",
        """
import os
def escape():
    os.setgroups([0])
    return True
""",
        "Operation not permitted|Invalid argument",
    ),
    Attempt(
        "is root already, here or outside",
        """
import os
def escape():
    return 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid(), *os.getgroups())
""",
        "AssertionError",
    ),
    Attempt(
        "holds a capability",
        """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    header, sets = (ctypes.c_uint * 2)(0x20080522, 0), (ctypes.c_uint * 6)()
    assert libc.capget(header, sets) == 0, "capget itself must work"
    return any(sets)
""",
        "assert escape",
    ),
    Attempt(
        "puts a key into a keyring",
        CALLING
        + """
def escape():
    kind, name = ctypes.create_string_buffer(b"user"), ctypes.create_string_buffer(b"sandbox")
    return call($add_key, ctypes.addressof(kind), ctypes.addressof(name), ctypes.addressof(name), 7, -2)
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "turns off the randomness of its addresses",
        CALLING
        + """
def escape():
    call($personality, 0x0040000)
    return True
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "names the machine",
        """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def escape():
    if libc.sethostname(b"mine", 4) == 0:
        return True
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "learns the machine's name",
        """
import os
def escape():
    return os.uname().nodename != "sandbox"
""",
        "AssertionError",
        harmless=True,
    ),
    Attempt(
        "sets the clock",
        """
import time
def escape():
    time.clock_settime(time.CLOCK_REALTIME, time.time())
    return True
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "makes a call of the 32-bit numbering",
        """
import ctypes, mmap, platform
def escape():
    if platform.machine() != "x86_64":
        return False
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    # mov eax, 20 (getpid); int 0x80; ret
    page.write(bytes.fromhex("b814000000cd80c3"))
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return ctypes.CFUNCTYPE(ctypes.c_int)(start)() > 0
""",
        "SIGSYS|AssertionError",
    ),
    Attempt(
        "makes a call of the x32 numbering",
        CALLING
        + """
def escape():
    return call(0x40000000 + 39)
""",
        "Function not implemented",
    ),
    Attempt(
        "makes a call newer than the filter",
        CALLING
        + """
def escape():
    return call(452, -100, 0, 0, 0)
""",
        "Function not implemented",
    ),
    Attempt(
        "types into a terminal",
        """
import fcntl
def escape():
    fcntl.ioctl(0, 0x5412, b"x")
    return True
""",
        NOT_PERMITTED,
    ),
)

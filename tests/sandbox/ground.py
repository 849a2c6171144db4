"""What there is on this machine to be reached: a secret, servers, a process, all of the sandbox's own user.

Whatever an attempt fails at in the sandbox, its twin reaches here as that same user.
"""

import secrets
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from evalapp.generation.sandbox import account
from evalapp.generation.sandbox.software import python_for

# Says that it is there, lets anybody of its user trace it (where a security module would not), and waits.
VICTIM = """
import ctypes, time
ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)
print("ready", flush=True)
time.sleep(600)
"""


@dataclass
class Ground:
    """A folder open to everybody, its secret, and who touched the servers (their words, in order)."""

    folder: Path
    word: str
    tcp: socket.socket
    udp: socket.socket
    path_socket: socket.socket
    abstract_socket: socket.socket
    victim: "subprocess.Popen[str]"
    touched: list[str] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """What the attempts' ``$names`` stand for."""
        return {
            "secret": str(self.folder / "secret"),
            "word": self.word,
            "folder": str(self.folder),
            "socket": str(self.folder / "socket"),
            "abstract": self.word,
            "port": str(self.tcp.getsockname()[1]),
            "pid": str(self.victim.pid),
        }

    def visits(self) -> list[str]:
        """Who has come to a server so far."""
        for name, server in (
            ("datagram", self.udp),
            ("path", self.path_socket),
            ("abstract", self.abstract_socket),
        ):
            with suppress(BlockingIOError):
                server.recv(64)
                self.touched.append(name)
        return self.touched

    def files(self) -> list[str]:
        return sorted(each.name for each in self.folder.iterdir())


def lay() -> Ground:
    """Make it; `clear` takes it away."""
    folder = Path(tempfile.mkdtemp(prefix="blind-eval-ground-"))
    folder.chmod(0o777)
    word = secrets.token_hex(16)
    (folder / "secret").write_text(word)
    (folder / "secret").chmod(0o666)
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(tcp.getsockname())
    path_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    path_socket.bind(str(folder / "socket"))
    (folder / "socket").chmod(0o777)
    abstract_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    abstract_socket.bind(f"\0{word}")
    for each in (udp, path_socket, abstract_socket):
        each.setblocking(False)
    victim = start_plain(VICTIM, folder, {"SECRET": word})
    assert victim.stdout is not None
    assert victim.stdout.readline() == "ready\n"
    ground = Ground(folder, word, tcp, udp, path_socket, abstract_socket, victim)
    threading.Thread(target=_serve, args=(ground,), daemon=True).start()
    return ground


def clear(ground: Ground) -> None:
    """Leave nothing of it."""
    with suppress(OSError):
        ground.tcp.shutdown(socket.SHUT_RDWR)
    for each in (ground.tcp, ground.udp, ground.path_socket, ground.abstract_socket):
        each.close()
    ground.victim.kill()
    ground.victim.communicate()
    shutil.rmtree(ground.folder)


def start_plain(code: str, folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Run code with no sandbox, as the user the sandbox has outside."""
    outside = account.outside()
    python = python_for(outside)
    assert python is not None, "no Python that the sandbox's user can read: install your system's python3"
    return subprocess.Popen(
        [str(python.executable), "-S", "-c", code],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=outside.uid if outside else None,
        group=outside.gid if outside else None,
        extra_groups=[] if outside else None,
    )


def _serve(ground: Ground) -> None:
    while True:
        try:
            visitor, _ = ground.tcp.accept()
        except OSError:
            return
        ground.touched.append("connection")
        with closing(visitor), suppress(OSError):
            visitor.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\nreached")
            visitor.shutdown(socket.SHUT_WR)
            visitor.settimeout(2)
            visitor.recv(4096)


def mounts() -> str:
    """Every mount of this machine as this process sees it."""
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def sandboxes_of(parent: int) -> list[str]:
    """Command lines of the bubblewraps that are children of a process."""
    return [line for pid, line in _bubblewraps().items() if _parents().get(pid) == parent]


def orphans() -> set[int]:
    """Bubblewraps that have lost the process that started them."""
    return {pid for pid in _bubblewraps() if _parents().get(pid) == 1}


def descendants(parent: int) -> set[int]:
    """Every process below another one, at this moment."""
    above = _parents()
    found: set[int] = set()
    while more := {pid for pid, over in above.items() if over in found | {parent}} - found:
        found |= more
    return found


def until(what: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    end = time.monotonic() + 10
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def _bubblewraps() -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if words[0] == b"bwrap":
                found[int(entry.name)] = b" ".join(words).decode(errors="replace")[:200]
    return found


def _parents() -> dict[int, int]:
    above = {}
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            status = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            above[int(entry.name)] = int(status[1])
    return above

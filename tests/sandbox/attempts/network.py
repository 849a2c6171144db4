"""Attempts to reach anybody."""

from tests.sandbox.attempts.attempt import Attempt

NOT_PERMITTED = "PermissionError: .*Operation not permitted"

NETWORK = (
    Attempt(
        "connects to a server on this machine",
        """
import socket
def escape():
    return socket.create_connection(("127.0.0.1", $port), timeout=2)
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "fetches a page",
        """
import urllib.request
def escape():
    return urllib.request.urlopen("http://127.0.0.1:$port/", timeout=2).read() == b"reached"
""",
        "Operation not permitted",
        harmless=True,
    ),
    Attempt(
        "sends a datagram",
        """
import socket
def escape():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("127.0.0.1", $port))
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "sends over IPv6",
        """
import socket
def escape():
    return socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"hello", ("::1", $port))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "listens for others",
        """
import socket
def escape():
    return socket.create_server(("127.0.0.1", 0))
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "resolves a name",
        """
import socket
def escape():
    return socket.getaddrinfo("localhost", 80)
""",
        "gaierror",
        harmless=True,
    ),
    Attempt(
        "opens a socket of any family there is",
        """
import socket
def escape():
    for family in range(64):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try:
                return socket.socket(family, kind)
            except OSError:
                pass
""",
        "AssertionError",
        harmless=True,
    ),
    Attempt(
        "reads raw packets",
        """
import socket
def escape():
    return socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
""",
        NOT_PERMITTED,
    ),
    Attempt(
        "asks the kernel for its network interfaces",
        """
import socket
def escape():
    return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "connects to a Unix socket by its path",
        """
import socket
def escape():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "$socket")
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "connects to an abstract Unix socket",
        """
import socket
def escape():
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"hello", "\\x00$abstract")
""",
        NOT_PERMITTED,
        harmless=True,
    ),
    Attempt(
        "reaches an abstract Unix socket from a socket pair",
        """
import socket
def escape():
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"hello", "\\x00$abstract")
""",
        "ConnectionRefusedError",
        harmless=True,
    ),
    Attempt(
        "makes a socket pair of another family",
        """
import socket
def escape():
    return socket.socketpair(30, socket.SOCK_STREAM)
""",
        NOT_PERMITTED,
    ),
)

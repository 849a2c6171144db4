"""The seccomp filter: a small program for the kernel that refuses what sandboxed code has no business with.

A classic BPF program over ``struct seccomp_data`` (number, architecture, instruction pointer, six arguments);
``man 2 seccomp`` and the kernel's ``Documentation/userspace-api/seccomp_filter.rst`` describe both.
"""

import errno
import socket
import struct
from dataclasses import dataclass

from evalapp.generation.sandbox.syscalls import NEWEST_KNOWN, REFUSED

# Instructions: load a word of the data; jump when equal, when at least, when any bit is set; return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24

_ALLOW = 0x7FFF0000
_KILL_PROCESS = 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS

_CLONE_THREAD = 0x00010000
#: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET.
_CLONE_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor's mark in the data, its column in `REFUSED`, and the calls judged by argument."""

    audit_mark: int
    column: int
    clone: int
    socketpair: int
    ioctl: int


PROCESSORS = {
    "x86_64": Processor(audit_mark=0xC000003E, column=0, clone=56, socketpair=53, ioctl=16),
    "aarch64": Processor(audit_mark=0xC00000B7, column=1, clone=220, socketpair=199, ioctl=29),
}
#: The same on both. Its flags lie in memory, which a filter cannot read; C libraries then use clone.
_CLONE3 = 435


def program_for(processor: Processor) -> bytes:
    """The compiled filter: an array of ``struct sock_filter``."""
    refused = sorted(number for each in REFUSED.values() if (number := each[processor.column]) is not None)
    lines = [
        # A call made through another ABI has other numbers; nothing of ours makes one.
        _line(_LOAD, _ARCHITECTURE),
        *_when(_EQUAL, processor.audit_mark, else_return=_KILL_PROCESS),
        _line(_LOAD, _NUMBER),
        *_return_when(_AT_LEAST, NEWEST_KNOWN + 1, _UNKNOWN),
        *_return_when(_EQUAL, _CLONE3, _UNKNOWN),
    ]
    for number in refused:
        lines += _return_when(_EQUAL, number, _REFUSE)
    # Threads of this process, but no other process and no namespace.
    lines += _when_called(
        processor.clone,
        _line(_LOAD, _FIRST_ARGUMENT),
        *_return_when(_ANY_BIT, _CLONE_NAMESPACES, _REFUSE),
        *_return_when(_ANY_BIT, _CLONE_THREAD, _ALLOW),
        _line(_RETURN, _REFUSE),
    )
    lines += _when_called(
        processor.socketpair,
        _line(_LOAD, _FIRST_ARGUMENT),
        *_return_when(_EQUAL, socket.AF_UNIX, _ALLOW),
        _line(_RETURN, _REFUSE),
    )
    # Typing into a terminal from behind.
    lines += _when_called(
        processor.ioctl,
        _line(_LOAD, _SECOND_ARGUMENT),
        *_return_when(_EQUAL, _TIOCSTI, _REFUSE),
        *_return_when(_EQUAL, _TIOCLINUX, _REFUSE),
        _line(_RETURN, _ALLOW),
    )
    return b"".join([*lines, _line(_RETURN, _ALLOW)])


def _line(code: int, value: int, *, skip_if: int = 0, skip_else: int = 0) -> bytes:
    return struct.pack("<HBBI", code, skip_if, skip_else, value)


def _return_when(test: int, value: int, answer: int) -> list[bytes]:
    return [_line(test, value, skip_else=1), _line(_RETURN, answer)]


def _when(test: int, value: int, *, else_return: int) -> list[bytes]:
    return [_line(test, value, skip_if=1), _line(_RETURN, else_return)]


def _when_called(number: int, *judging: bytes) -> list[bytes]:
    return [_line(_EQUAL, number, skip_else=len(judging)), *judging]

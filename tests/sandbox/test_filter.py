"""The filter's program: what it answers to each call, in the kernel and by hand."""

import platform
import struct

import pytest

from evalapp.generation.sandbox.filter import PROCESSORS, program_for
from evalapp.generation.sandbox.syscalls import NEWEST_KNOWN, REFUSED
from tests.sandbox.attempts.attempt import CALLING
from tests.sandbox.sandboxed import verdict_on

ALLOWED, KILLED, REFUSED_ANSWER, UNKNOWN = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
MUST_BE_REFUSED = {
    *(
        "ptrace",
        "mount",
        "umount2",
        "move_mount",
        "open_tree",
        "fsopen",
        "fsmount",
        "keyctl",
        "add_key",
        "bpf",
    ),
    *(
        "perf_event_open",
        "userfaultfd",
        "unshare",
        "setns",
        "kexec_load",
        "kexec_file_load",
        "reboot",
        "swapon",
    ),
    *(
        "init_module",
        "finit_module",
        "delete_module",
        "io_uring_setup",
        "process_vm_readv",
        "socket",
        "connect",
    ),
}


def answer(program: bytes, mark: int, number: int, first: int = 0, second: int = 0) -> int:
    """What the program returns for a call: the few instructions it uses, carried out."""
    data = struct.pack("<iIQ2Q4Q", number, mark, 0, first, second, 0, 0, 0, 0)
    lines = list(struct.iter_unpack("<HBBI", program))
    at = word = 0
    while True:
        code, skip_if, skip_else, value = lines[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            word = struct.unpack_from("<I", data, value)[0]
        else:
            met = {0x15: word == value, 0x35: word >= value, 0x45: bool(word & value)}[code]
            at += skip_if if met else skip_else


@pytest.mark.parametrize("name", sorted(PROCESSORS))
def test_each_call_gets_its_answer(name: str) -> None:
    processor = PROCESSORS[name]
    program = program_for(processor)
    refused = {numbers[processor.column] for numbers in REFUSED.values()} - {None}
    judged = {processor.clone, processor.socketpair, processor.ioctl}
    for number in range(NEWEST_KNOWN + 1):
        if number in judged or number == 435:
            continue
        expected = REFUSED_ANSWER if number in refused else ALLOWED
        assert answer(program, processor.audit_mark, number) == expected, number
    for number in (435, NEWEST_KNOWN + 1, 999, 0x40000000 + 39, -1):
        assert answer(program, processor.audit_mark, number) == UNKNOWN, number
    assert answer(program, 0x40000003, 20) == KILLED


@pytest.mark.parametrize("name", sorted(PROCESSORS))
def test_threads_socket_pairs_and_terminals_are_judged_by_argument(name: str) -> None:
    processor = PROCESSORS[name]

    def judged(number: int, first: int = 0, second: int = 0) -> int:
        return answer(program_for(processor), processor.audit_mark, number, first, second)

    thread = 0x003D0F00
    assert judged(processor.clone, thread) == ALLOWED
    assert judged(processor.clone, 17) == REFUSED_ANSWER
    for bit in (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000):
        assert judged(processor.clone, thread | bit) == REFUSED_ANSWER
    assert judged(processor.socketpair, 1) == ALLOWED
    assert {judged(processor.socketpair, family) for family in (0, 2, 10, 16, 30, 38)} == {REFUSED_ANSWER}
    assert judged(processor.ioctl, 0, 0x5401) == ALLOWED
    assert judged(processor.ioctl, 0, 0x5412) == REFUSED_ANSWER


def test_what_must_be_refused_is_and_no_number_stands_twice() -> None:
    assert set(REFUSED) >= MUST_BE_REFUSED
    for column in (0, 1):
        numbers = [each[column] for each in REFUSED.values() if each[column] is not None]
        assert len(set(numbers)) == len(numbers)


def test_the_kernel_refuses_every_call_on_the_list(namespaces_forbidden: bool) -> None:
    column = PROCESSORS[platform.machine()].column
    numbers = {name: both[column] for name, both in REFUSED.items() if both[column] is not None}
    code = f"""{CALLING}
def refused():
    answers = {{}}
    for name, number in {numbers!r}.items():
        try:
            answers[name] = call(number, 0, 0, 0, 0, 0)
        except OSError as error:
            answers[name] = error.errno
    return answers
"""
    verdict = verdict_on(
        code,
        f"def test_all():\n    assert refused() == dict.fromkeys({list(numbers)!r}, 1)\n",
        forbidden=namespaces_forbidden,
    )
    assert verdict.state == "passed", verdict.output

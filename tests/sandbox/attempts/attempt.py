"""One attempt to get out: code that defines ``escape()``, true when it got what it wanted."""

from dataclasses import dataclass
from string import Template

from evalapp.generation.sandbox.syscalls import REFUSED

#: The tests that an escape would pass.
TESTS = "def test_it_got_out():\n    assert escape()\n"

#: For attempts that speak to the kernel directly.
CALLING = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    answer = libc.syscall(*map(ctypes.c_long, (number, *arguments)))
    if answer < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return answer
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """``refused`` is a pattern of what the sandbox makes of it, found in the verdict's output or reason.

    ``harmless``: without the sandbox it succeeds and does no harm, which its twin shows. ``$name`` in the
    code stands for something of the host's (see `ground.Ground.names`) or for a system call's number.
    """

    name: str
    code: str
    refused: str
    harmless: bool = False

    def written_for(self, names: dict[str, str], column: int) -> str:
        """The code with its names filled in, for the processor whose column of numbers is given."""
        numbers = {name: str(both[column]) for name, both in REFUSED.items()}
        return Template(self.code).substitute(numbers | names)

"""What a sandboxed test run may use, and what came out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

MEBIBYTE = 1024 * 1024

State = Literal["passed", "failed", "timeout", "not_run"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may use. There is one process, so its memory and processor time are the run's.

    ``wall_s`` counts from the start of the sandbox; it may make ``files`` of ``folder_bytes`` together; of at
    most ``output_bytes`` printed, ``kept_bytes`` are kept from the beginning and as many from the end.
    """

    wall_s: float = 15.0
    processor_s: int = 10
    memory_bytes: int = 512 * MEBIBYTE
    folder_bytes: int = 16 * MEBIBYTE
    files: int = 4096
    threads: int = 32
    open_files: int = 64
    output_bytes: int = 16 * MEBIBYTE
    kept_bytes: int = 4096


@dataclass(frozen=True, slots=True)
class Verdict:
    """``passed`` of ``run`` tests; both are 0 when nothing was run or time ran out before all were.

    ``reason`` says in words why the state is not "passed". ``output`` is what code and tests printed and the
    tracebacks of what failed, its middle left out when it was long.
    """

    state: State
    passed: int = 0
    run: int = 0
    output: str = ""
    reason: str = ""

    def checks(self) -> Mapping[str, object]:
        """As stored with a generation. ``passed`` (yes or no) is there only when the tests were run."""
        if self.state == "not_run":
            return {"state": self.state, "reason": self.reason}
        return {
            "state": self.state,
            "passed": self.state == "passed",
            "tests_passed": self.passed,
            "tests_run": self.run,
            "reason": self.reason,
            "output": self.output,
        }


def not_run(reason: str) -> Verdict:
    """The verdict on code that was not executed."""
    return Verdict("not_run", reason=reason)

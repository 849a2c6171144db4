"""What one process measured of itself, as it is handed to the process that compares."""

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """``cpu_s`` and ``peak_mb``: of the measured process alone, all its threads."""

    calls: int
    wall_s: float
    cpu_s: float
    peak_mb: float

    @property
    def calls_per_s(self) -> float:
        return self.calls / self.wall_s

    @property
    def cpu_ms_per_call(self) -> float:
        return 1000 * self.cpu_s / self.calls


class Watch:
    """Started at its making; ``stop`` says what it saw."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def stop(self, calls: int) -> Measured:
        unit = 1024 if sys.platform == "linux" else 1024 * 1024
        return Measured(
            calls=calls,
            wall_s=time.perf_counter() - self._wall,
            cpu_s=time.process_time() - self._cpu,
            peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit,
        )


def told(measured: Measured) -> str:
    """As one line."""
    return json.dumps(asdict(measured))


def heard(line: str) -> Measured:
    """The reverse of `told`."""
    return Measured(**json.loads(line))

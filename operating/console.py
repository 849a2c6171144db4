"""Short progress on the terminal: what has started, how long it took, what went wrong."""

import sys
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(slots=True)
class Console:
    """Where progress is told; lines go out at once, so that a log of it reads in order."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    closed: bool = False

    def say(self, text: str) -> None:
        """Tell one line; a terminal that has gone away must not keep the servers from ending in order."""
        if self.closed:
            return
        try:
            print(text, file=self.stream, flush=True)
        except (OSError, ValueError):
            self.closed = True

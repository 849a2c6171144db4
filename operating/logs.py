"""Log files of the children: appended to, turned over when they grow."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

TURN_OVER_BYTES = 20_000_000


class Log:
    """One child's log; a full file becomes ``.1``, and what was ``.1`` goes."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def write(self, line: str) -> None:
        """Append one line, at once visible to a reader."""
        if self._stream.tell() > TURN_OVER_BYTES:
            self._stream.close()
            self.file.replace(self.file.with_name(f"{self.file.name}.1"))
            self._open()
        self._stream.write(line + "\n")
        self._stream.flush()

    def _open(self) -> None:
        # Prompts, answers and one-time links may pass through a log: it is for its owner alone.
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._stream = os.fdopen(descriptor, "a", encoding="utf-8")

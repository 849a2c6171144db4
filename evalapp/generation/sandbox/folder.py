"""The sandbox's folder seen from outside: its mount bounds the bytes in it, and a watch the files."""

import asyncio
import os
from typing import Self

from evalapp.generation.sandbox.box import FOLDER

#: Between two looks even the fastest code makes some ten thousand files.
LOOK_EVERY_S = 0.05


class Folder:
    """Held by a descriptor of its mount, which the code inside cannot exchange. Closed after use.

    Empty files take no bytes of the folder but a kilobyte each of the kernel's own memory, and the mount has
    no bound on them that matters.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def of(cls, process_number: int) -> Self:
        """The folder as a process of the sandbox sees it. Raises OSError."""
        return cls(os.open(f"/proc/{process_number}/root{FOLDER}", os.O_PATH | os.O_DIRECTORY))

    def count(self) -> int:
        """How many files, folders and links there are, the folder itself among them."""
        status = os.fstatvfs(self._descriptor)
        return status.f_files - status.f_ffree

    async def overflow(self, most: int) -> None:
        """Return when there are more than ``most``."""
        while self.count() <= most:
            await asyncio.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        os.close(self._descriptor)

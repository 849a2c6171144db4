"""What code printed, kept within bounds: the beginning and the end of it."""

import asyncio


class Output:
    """Takes bytes as they come; keeps ``kept`` from the beginning and as many from the end."""

    def __init__(self, kept: int, most: int) -> None:
        self._kept = kept
        self._most = most
        self._head = b""
        self._tail = b""
        self.total = 0

    async def read(self, stream: asyncio.StreamReader) -> bool:
        """Read to the end; False, with the rest unread, once more was written than may be."""
        while chunk := await stream.read(65_536):
            self.take(chunk)
            if self.total > self._most:
                return False
        return True

    def take(self, chunk: bytes) -> None:
        """Keep of the chunk what belongs to the beginning or the end."""
        self.total += len(chunk)
        room = self._kept - len(self._head)
        self._head += chunk[:room]
        self._tail = (self._tail + chunk[room:])[-self._kept :]

    def text(self) -> str:
        """What was kept, as text that a database can hold; a line says how much is missing between."""
        left_out = self.total - len(self._head) - len(self._tail)
        between = f"\n… {left_out:,} bytes left out …\n".encode() if left_out else b""
        whole = (self._head + between + self._tail).decode("utf-8", "replace")
        return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")

"""``python -m bench.generation.model_server DELAY_S``: a model server in a process of its own.

It prints its port, answers every request alike after the delay, and can serve many times what one client
process can ask, so that it is never what is measured.
"""

import asyncio
import json
import sys

ANSWER = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "quartz-mini",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "An answer of some length. " * 20},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 60, "completion_tokens": 120, "total_tokens": 180},
    }
).encode()
RESPONSE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: bench\r\ncontent-length: %d\r\n\r\n"
    % len(ANSWER)
) + ANSWER


class Connection(asyncio.Protocol):
    """One connection: the end of a request starts the clock of its answer."""

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._request_end()) is not None:
            self._received = self._received[end:]
            asyncio.get_running_loop().call_later(self._delay_s, self._answer)

    def _request_end(self) -> int | None:
        head, mark, _ = self._received.partition(b"\r\n\r\n")
        if not mark:
            return None
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
        end = len(head) + 4 + int(length or 0)
        return end if len(self._received) >= end else None

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(RESPONSE)


async def serve(delay_s: float) -> None:
    """Answer until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(delay_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))

"""A lean browser for many raters at once: one connection, cookies, forms, nothing else."""

import asyncio
import html
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
LEASE = re.compile(r'name="lease_token" value="([^"]+)"')
#: A server that says nothing for this long has failed, in seconds.
PATIENCE_S = 60.0


class Lost(Exception):
    """The connection broke before the whole answer had come; whether the server acted is not known."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A response; ``size`` counts the bytes of the body as sent."""

    status: int
    headers: dict[str, str]
    text: str
    size: int

    @property
    def lease(self) -> str | None:
        """The lease token in the page's form, when there is one."""
        found = LEASE.search(self.text)
        return html.unescape(found[1]) if found else None


@dataclass
class Browser:
    """One rater's browser at ``port`` of this machine. Cookies may be shared by several (tabs)."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    _reader: asyncio.StreamReader | None = None
    _writer: asyncio.StreamWriter | None = None

    def tab(self) -> "Browser":
        """A second tab of the same browser."""
        return Browser(self.port, self.cookies, self.csrf)

    async def get(self, path: str) -> Answered:
        """Fetch a page."""
        return await self._ask("GET", path, b"", {})

    async def post(self, path: str, fields: dict[str, str], *, by_script: bool = True) -> Answered:
        """Send a form as the page's script does, or plainly."""
        body = urlencode({"csrfmiddlewaretoken": self.csrf, **fields}).encode()
        more = {"Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask(
            "POST", path, body, more | ({"X-Requested-With": "fetch"} if by_script else {})
        )

    async def close(self) -> None:
        """End the connection."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _ask(self, method: str, path: str, body: bytes, more: dict[str, str]) -> Answered:
        headers = {"Host": "localhost", "Content-Length": str(len(body)), **more}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [
            f"{method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
            "",
            "",
        ]
        try:
            async with asyncio.timeout(PATIENCE_S):
                reader, writer = await self._connection()
                writer.write("\r\n".join(lines).encode() + body)
                return await self._answer(reader)
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as problem:
            await self.close()
            raise Lost(repr(problem)) from problem

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self._reader, self._writer

    async def _answer(self, reader: asyncio.StreamReader) -> Answered:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in head[1:-2]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                cookie, _, said = value.partition(";")[0].partition("=")
                self.cookies[cookie] = said
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        if headers.get("connection", "").lower() == "close":
            await self.close()
        text = body.decode()
        if found := CSRF.search(text):
            self.csrf = found[1]
        return Answered(int(head[0].split()[1]), headers, text, len(body))


async def enter(port: int, join_path: str) -> tuple[Browser, str]:
    """Use an invitation; the browser and the address of the rater's page."""
    browser = Browser(port)
    await browser.get(join_path)
    answer = await browser.post(join_path, {}, by_script=False)
    assert answer.status == 302, answer
    return browser, answer.headers["location"]

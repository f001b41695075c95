"""A real HTTP proxy on this machine: tunnels by CONNECT, forwards requests, and counts both."""

import asyncio
import base64
import re
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from yarl import URL

MAX_HEAD_BYTES = 1 << 16


@dataclass(slots=True)
class CountingProxy:
    """`places` are the ports on this machine by the hosts that the proxy resolves.

    So a test names a host that is not this machine. `tunnels` and `forwarded` count what passed, by
    host and port; `refused` what was asked for and does not exist. With a `login`, it asks for it.
    """

    places: Mapping[str, int]
    login: str = ""
    tunnels: Counter[str] = field(default_factory=Counter)
    forwarded: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{self.login}@127.0.0.1:{self.port}" if self.login else self.bare_url

    @property
    def bare_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        is_tunnel = method == "CONNECT"
        url = URL(f"//{target}") if is_tunnel else URL(target)
        place = f"{url.host}:{url.port}"
        wanted = base64.b64encode(self.login.encode())
        # Names of headers are the same in small letters, as some clients write them.
        told = re.search(rb"(?im)^proxy-authorization: basic ([^\r]*)", head)
        if self.login and (told is None or told[1] != wanted):
            await _answer(writer, b"407 Proxy Authentication Required")
            return
        if url.host not in self.places:
            self.refused[place] += 1
            await _answer(writer, b"502 Bad Gateway")
            return
        (self.tunnels if is_tunnel else self.forwarded)[place] += 1
        port = self.places[url.host]
        away = await asyncio.open_connection("127.0.0.1", port)
        async with closing(away[1]):
            if is_tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                away[1].write(_renamed(head, port))
            await relay((reader, writer), away, None if is_tunnel else port)


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def proxying(proxy: CountingProxy) -> AsyncIterator[CountingProxy]:
    async with _listening(proxy.serve) as proxy.port:
        yield proxy


@asynccontextmanager
async def behind_tls(context: ssl.SSLContext, port: int) -> AsyncIterator[int]:
    """TLS in front of a port on this machine; yields its own port."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        away = await asyncio.open_connection("127.0.0.1", port)
        async with closing(away[1]):
            await relay((reader, writer), away, port)

    async with _listening(pass_on, context) as own:
        yield own


@asynccontextmanager
async def _listening(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    context: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """A server on a free port; at the end, all its connections are closed.

    It accepts them itself: asyncio's own server tells of a connection some rounds later, with TLS
    after the handshake. One that came last would stay open and be a ResourceWarning.
    """
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()

    async def connected(accepted: socket.socket) -> None:
        reader = asyncio.StreamReader(limit=MAX_HEAD_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, accepted, ssl=context
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            async with closing(writer):
                await serve(reader, writer)
        except (asyncio.CancelledError, OSError):
            pass

    def accept() -> None:
        with suppress(BlockingIOError):
            accepted, _ = listening.accept()
            accepted.setblocking(False)
            running.add(task := loop.create_task(connected(accepted)))
            task.add_done_callback(running.discard)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        loop.add_reader(listening, accept)
        try:
            yield listening.getsockname()[1]
        finally:
            loop.remove_reader(listening)
            await asyncio.sleep(0)  # the last one begins, and so can be ended
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            await asyncio.sleep(0)  # what was cut off closes itself in the next round


@asynccontextmanager
async def closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Close a connection at the end and wait for it: what is unsent, and TLS, takes some rounds.

    Whoever is cancelled does not wait: the connection is cut off.
    """
    try:
        yield
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    except BaseException:
        writer.transport.abort()
        raise


async def relay(one: Ends, other: Ends, port: int | None) -> None:
    """Pass bytes on in both directions until either end closes.

    With a port, what goes there says that it is for this machine: our servers refuse other names.
    """
    ways = [
        asyncio.create_task(_pass_on(one[0], other[1], port)),
        asyncio.create_task(_pass_on(other[0], one[1], None)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int | None
) -> None:
    while some := await reader.read(1 << 16):
        writer.write(some if port is None else _renamed(some, port))
        await writer.drain()


def _renamed(sent: bytes, port: int) -> bytes:
    """Requests with this machine as their host; aiohttp sends the head of each in one piece."""
    own = f"127.0.0.1:{port}".encode()
    sent = re.sub(rb"(?m)^([A-Z]+) \w+://[^/ ]+(/[^ ]* HTTP/1.1\r)", rb"\1 \2", sent)
    return re.sub(rb"(?m)^Host: [^\r]*", b"Host: " + own, sent)


async def _answer(writer: asyncio.StreamWriter, status: bytes) -> None:
    writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()

"""A line between two programs: what passes it, and what does not when it is hurt."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from benchmarks.trial.lines import Line, tcp


@contextlib.asynccontextmanager
async def echo_behind_a_line() -> AsyncIterator[Line]:
    """A server that sends back what it gets, and a line before it."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(100):
                writer.write(some)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    line = Line(tcp(server.sockets[0].getsockname()[1]))
    await line.start()
    try:
        yield line
    finally:
        await line.stop()
        server.close()


class Caller:
    """One connection through a line."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def __aenter__(self) -> "Caller":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._line.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.transport.abort()

    async def heard(self, said: bytes) -> bytes:
        self.writer.write(said)
        return await self.reader.readexactly(len(said))


async def test_what_is_said_is_heard() -> None:
    async with echo_behind_a_line() as line, Caller(line) as caller:
        assert await caller.heard(b"hello") == b"hello"


async def test_a_cut_ends_all_connections_and_new_ones_until_it_is_mended() -> None:
    async with echo_behind_a_line() as line, Caller(line) as caller:
        await caller.heard(b"hello")
        line.cut()
        with pytest.raises(OSError, match=r"(?i)reset"):
            await caller.heard(b"hello")
        async with Caller(line) as another:
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await another.heard(b"hello")
        line.mend()
        async with Caller(line) as another:
            assert await another.heard(b"hello") == b"hello"


async def test_a_frozen_connection_stays_open_and_silent_beside_new_ones() -> None:
    async with echo_behind_a_line() as line, Caller(line) as caller:
        await caller.heard(b"hello")
        line.freeze()
        waiting = asyncio.create_task(caller.heard(b"hello"))
        async with Caller(line) as another:
            assert await another.heard(b"hello") == b"hello"
        assert not waiting.done()
        assert not caller.reader.at_eof()
        waiting.cancel()

"""A line between two programs: a TCP proxy whose connections can be cut, slowed and left dead."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

READ_BYTES = 1 << 16

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Streams]]


def tcp(port: int) -> Dial:
    """Reach what listens on a port of this machine."""
    return lambda: asyncio.open_connection("127.0.0.1", port)


def unix(path: str) -> Dial:
    """Reach what listens on a socket in the file system."""
    return lambda: asyncio.open_unix_connection(path)


class Line:
    """Listens on a port of its own and passes on what comes, as its state lets it.

    `cut` ends all connections and refuses new ones. While it is slow, every piece is late by
    `delay_s`. A connection that was `freeze`d stays open and passes nothing more, ever: neither
    side is told, as where a router has forgotten a connection. New ones work.
    """

    def __init__(self, dial: Dial) -> None:
        self.port = 0
        self.delay_s = 0.0
        self.connections = 0
        """How many there have been."""
        self._dial = dial
        self._is_cut = False
        self._open: dict[asyncio.Task[Any], list[asyncio.StreamWriter]] = {}
        self._frozen: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        tasks = list(self._open)
        self._end_all()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> None:
        self._is_cut = True
        self._end_all()

    def mend(self) -> None:
        """New connections work as ever; those that are frozen stay so."""
        self._is_cut, self.delay_s = False, 0.0

    def freeze(self) -> None:
        self._frozen.update(self._open)

    def _end_all(self) -> None:
        for task, writers in self._open.items():
            for writer in writers:
                writer.transport.abort()
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        writers = self._open[task] = [writer]
        self.connections += 1
        try:
            if self._is_cut:
                return
            beyond, there = await self._dial()
            writers.append(there)
            ways = (self._pass_on(task, reader, there), self._pass_on(task, beyond, writer))
            await asyncio.gather(*ways)
        except (OSError, asyncio.CancelledError):
            # The end of a connection is no error of the line.
            pass
        finally:
            for one in writers:
                one.transport.abort()
            self._open.pop(task, None)
            self._frozen.discard(task)

    async def _pass_on(
        self, task: asyncio.Task[Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while some := await reader.read(READ_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if task not in self._frozen:
                writer.write(some)
                await writer.drain()
        if task in self._frozen:
            # Of its end the other side is not told either.
            await asyncio.Event().wait()
        with contextlib.suppress(OSError):
            writer.write_eof()

"""Bounds on the server's connections, and which of them are closed to make room.

A connection either waits for the head of a request, or is being answered. Waiting ones are closed
when their time is up. When a new connection finds no place, the one that has waited longest is
closed. Fewer can be answered at once than there are places, so that `/health` always gets one.
"""

import asyncio
import logging
import resource
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from diffusion.engine.shares import Caller, QueueFull, Shares
from diffusion.server.admission.refusals import refusal

MAX_CONNECTIONS = 512
OWN_DESCRIPTORS = 64
"""Descriptors that the process needs for itself: its files, pipes and libraries."""

HEAD_TIMEOUT_S = 30.0
"""How long the head of a request may take, counted from the start of the connection or from the
last answer. Clients keep idle connections for 15 s at most."""

SEND_TIMEOUT_S = 60.0
"""How long a caller may read nothing of an answer."""

LINGER_TIMEOUT_S = 5.0
"""How long the rest of a refused body is read, so that its sender gets the answer."""

HEALTH_PATHS = frozenset({"/health", "/healthz", "/readyz"})
"""What supervisors ask: always answered, also without the key."""

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Connections:
    """The connections that are open, and the requests that are being answered."""

    def __init__(self, most: int | None = None) -> None:
        self.most = _bound() if most is None else most
        self.backlog = max(4, min(128, self.most // 4))
        self._answering = Shares(self.most - max(2, self.most // 8))
        # In the order in which they began to wait.
        self._resting: dict[web.RequestHandler, None] = {}
        self._busy: set[web.RequestHandler] = set()
        self._stuck: dict[web.RequestHandler, tuple[int, float]] = {}

    def __len__(self) -> int:
        return len(self._resting) + len(self._busy)

    def opened(self, connection: web.RequestHandler) -> None:
        """Add a connection; closes the one that has waited longest if there are too many."""
        self._resting[connection] = None
        if len(self) > self.most:
            oldest = next(filter(_is_silent, self._resting), next(iter(self._resting)))
            self.lost(oldest)
            _abort(oldest)

    def lost(self, connection: web.RequestHandler) -> None:
        self._resting.pop(connection, None)
        self._busy.discard(connection)
        self._stuck.pop(connection, None)

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request and send the answer; refuse it if too many are being answered."""
        if request.path in HEALTH_PATHS:
            return await handler(request)
        caller = Caller.at(request.remote)
        try:
            self._answering.take(caller)
        except QueueFull:
            reason = "Too many requests are being answered; try again soon."
            refused = refusal(503, reason, code="busy", headers={"Retry-After": "5"})
            refused.force_close()
            return refused
        connection = request.protocol
        self._resting.pop(connection, None)
        self._busy.add(connection)
        try:
            answer = await handler(request)
            # aiohttp would send it after this, when the connection no longer counts as busy.
            with suppress(ConnectionError):
                await answer.prepare(request)
                await answer.write_eof()
            return answer
        finally:
            self._answering.give_back(caller)
            if connection in self._busy:
                self._busy.discard(connection)
                self._resting[connection] = None

    def drop_stuck(self) -> None:
        """Close connections whose callers have read nothing for SEND_TIMEOUT_S."""
        now, before, self._stuck = asyncio.get_running_loop().time(), self._stuck, {}
        for connection in [*self._busy, *self._resting]:
            left = _unsent(connection)
            if not left:
                continue
            known, since = before.get(connection, (left, now))
            if known != left:
                since = now
            self._stuck[connection] = left, since
            if now - since >= SEND_TIMEOUT_S:
                _abort(connection)


class _Connection(web.RequestHandler):
    """aiohttp's handler of one connection, which reports its start and end."""

    __slots__ = ("_connections",)

    def __init__(self, connections: Connections, server: web.Server, **options: Any) -> None:
        super().__init__(server, **options)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.opened(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._connections.lost(self)
        super().connection_lost(exc)


class BoundedListener:
    """Serves an application at an address, within the bounds of `connections`.

    `shutdown_timeout` is in seconds.
    """

    def __init__(
        self, app: web.Application, connections: Connections, shutdown_timeout: float
    ) -> None:
        # With cancellation, a caller who hangs up ends the handler, and that frees the rows.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=shutdown_timeout
        )
        self._connections = connections
        self._listening: asyncio.Server | None = None
        self._sweeping: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address and the port. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(
            self._connect, host or None, port, backlog=self._connections.backlog
        )
        self._sweeping = asyncio.create_task(self._sweep())
        address, port = self._listening.sockets[0].getsockname()[:2]
        return address, port

    async def start_local(self, path: Path) -> None:
        """Listen on a Unix socket, which only this machine reaches. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_unix_server(
            self._connect, path, backlog=self._connections.backlog
        )
        self._sweeping = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Stop listening, and end the requests that are being answered."""
        if self._listening:
            self._listening.close()
        if self._sweeping:
            self._sweeping.cancel()
        await self._runner.cleanup()

    def _connect(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None
        return _Connection(
            self._connections,
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=HEAD_TIMEOUT_S,
            lingering_time=LINGER_TIMEOUT_S,
        )

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SEND_TIMEOUT_S / 4)
            self._connections.drop_stuck()


def _bound() -> int:
    """As many connections as the process has descriptors for.

    A fifth is left for connections that are accepted but not counted yet.
    """
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MAX_CONNECTIONS
    return max(8, min(MAX_CONNECTIONS, (descriptors - OWN_DESCRIPTORS) * 4 // 5))


def _unsent(connection: web.RequestHandler) -> int:
    return connection.transport.get_write_buffer_size() if connection.transport else 0


def _is_silent(connection: web.RequestHandler) -> bool:
    return not _unsent(connection)


def _abort(connection: web.RequestHandler) -> None:
    if connection.transport:
        connection.transport.abort()

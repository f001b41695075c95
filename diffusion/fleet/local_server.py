"""An application on a Unix socket, and requests to it from the same process.

Ray Serve has a web server of its own and calls methods of ours. So that the inference process's own
application answers here too, with all its bounds, each request is passed on to it over a socket
that nobody else reaches. Imports no torch.
"""

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from diffusion.server.admission.connections import BoundedListener, Connections

CALLER = "X-Darkroom-Caller"
"""The header with the address of whom a request comes from. It is believed here alone, and what
callers send under this name is dropped."""

CLOSING_TIMEOUT_S = 1.5

_OF_ONE_CONNECTION = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        CALLER.lower(),
    }
)
"""Headers about a connection, or meant for a proxy: they are not passed on."""

_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that aiohttp adds on its own; here a request has its sender's alone."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way to a replica. `target` is its path and query, `caller` the IP address
    of its sender."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins; its body follows in pieces."""

    status: int
    headers: tuple[tuple[str, str], ...]


def passed_on(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers of a request or an answer that are not about its connection."""
    return tuple((name, value) for name, value in headers if name.lower() not in _OF_ONE_CONNECTION)


class LocalServer:
    """Serves `app` until it is closed: `async with LocalServer(app, connections) as server`."""

    def __init__(self, app: web.Application, connections: Connections) -> None:
        app.middlewares.insert(0, _from_its_caller)
        self._listener = BoundedListener(app, connections, CLOSING_TIMEOUT_S)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            # Nobody but this user may enter a folder that Python makes for temporary files.
            folder = stack.enter_context(TemporaryDirectory(prefix="darkroom-"))
            path = Path(folder) / "http"
            stack.push_async_callback(self._listener.close)
            await self._listener.start_local(path)
            self._session = await stack.enter_async_context(
                aiohttp.ClientSession(
                    connector=aiohttp.UnixConnector(str(path), limit=0),
                    timeout=aiohttp.ClientTimeout(total=None),
                    auto_decompress=False,
                    skip_auto_headers=_ADDED,
                )
            )
            self._open = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()

    @asynccontextmanager
    async def ask(
        self, asked: Asked, body: AsyncIterator[bytes] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a request. Leaving the block before its end cancels the request.

        `body` comes in pieces, in place of `asked.body`. Raises aiohttp.ClientError where the
        application breaks off.
        """
        headers = [*passed_on(asked.headers), (CALLER, asked.caller)]
        response = await self._session.request(
            asked.method,
            URL("http://darkroom" + asked.target, encoded=True),
            headers=headers,
            data=body if body is not None else io.BytesIO(asked.body) if asked.body else None,
            allow_redirects=False,
        )
        try:
            yield response
        finally:
            response.close()

    async def answer(self, asked: Asked) -> AsyncIterator[Head | bytes]:
        """The head of the answer, then its body in pieces."""
        async with self.ask(asked) as response:
            yield head_of(response)
            async for piece in response.content.iter_any():
                yield piece


def asked_by(http: web.Request, body: bytes = b"") -> Asked:
    """A request as it came, with what was read of its body."""
    headers = passed_on(http.headers.items())
    return Asked(http.method, http.raw_path, headers, body, http.remote or "")


def head_of(response: aiohttp.ClientResponse) -> Head:
    return Head(response.status, passed_on(response.headers.items()))


def usable(headers: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """The headers of an answer for a response whose length is counted anew."""
    return {name: value for name, value in headers if name.lower() != "content-length"}


@web.middleware
async def _from_its_caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    return await handler(request.clone(remote=request.headers.get(CALLER, "")))

"""Bodies of requests while they come in: bounded in time each, and in bytes all together.

The bytes of a body count until its request has ended. If something was made of the body, its bytes
count instead.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from diffusion.engine.shares import Caller, QueueFull, Shares
from diffusion.protocol.errors import refuse

MAX_HELD_BYTES = 1 << 29
"""Bytes of all bodies together, and of the pictures that were read from them."""

MAX_BODY_BYTES = 1 << 20
"""Bytes of a JSON body."""

BODY_SILENCE_TIMEOUT_S = 20.0
"""How long no byte of a body may come."""

BODY_TIMEOUT_S = 300.0
"""How long a body may take in all: enough for 34 MiB at 1 Mbit/s."""


class BodyTooSlow(Exception):
    """No byte of a body came for too long, or it took too long in all."""


class NoRoom(Exception):
    """Too many bytes of bodies are held already; the request may succeed later."""


class WrongType(Exception):
    """The body has the wrong content type; the message says which one is right."""


class Bodies:
    """The bodies of all requests that are being answered.

    `most` is the bound in bytes, MAX_HELD_BYTES if there is none.
    """

    def __init__(self, most: int | None = None) -> None:
        self._shares = Shares(MAX_HELD_BYTES if most is None else most)

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._shares.held

    @contextmanager
    def of(self, http: web.Request) -> Iterator[None]:
        """Count the bytes of a request's body, which `body_of` finds, until the block ends."""
        body = RequestBody(http, self._shares)
        http[BODY] = body
        try:
            yield
        finally:
            body.let_go()


class RequestBody:
    """The body of one request."""

    def __init__(self, http: web.Request, shares: Shares) -> None:
        self._http = http
        self._shares = shares
        self._caller = Caller.at(http.remote)
        self._held = 0
        self._timeout: asyncio.Timeout | None = None
        self._last = 0.0

    def take(self, count: int) -> None:
        """Count `count` more bytes that came. Raises NoRoom."""
        try:
            self._shares.take(self._caller, count)
        except QueueFull:
            raise NoRoom from None
        self._held += count
        if self._timeout:
            self._timeout.reschedule(min(_now() + BODY_SILENCE_TIMEOUT_S, self._last))

    def let_go(self) -> None:
        """Count none of its bytes any more."""
        self._shares.give_back(self._caller, self._held)
        self._held = 0

    def becomes(self, count: int) -> None:
        """Count `count` bytes of decoded data instead of the body. Raises NoRoom."""
        self.let_go()
        self.take(count)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read the body in this block, within its time, and call `take` for what came.

        Raises BodyTooSlow.
        """
        self._last = _now() + BODY_TIMEOUT_S
        try:
            async with asyncio.timeout(BODY_SILENCE_TIMEOUT_S) as self._timeout:
                yield
        except TimeoutError:
            raise BodyTooSlow from None
        finally:
            self._timeout = None

    async def read_json(self) -> object:
        """The JSON of the body. Raises InvalidField, WrongType, BodyTooSlow and NoRoom.

        The content type must be that of JSON: browsers let any page send other types, but ask the
        server before they send this one.
        """
        kind = self._http.content_type
        if kind != "application/json" and not kind.endswith("+json"):
            raise WrongType("Send JSON, with the header Content-Type: application/json.")
        whole = bytearray()
        async with self.reading():
            async for chunk in self._http.content.iter_any():
                self.take(len(chunk))
                whole += chunk
                if len(whole) > MAX_BODY_BYTES:
                    raise too_large(MAX_BODY_BYTES, len(whole))
        try:
            return json.loads(whole)
        except (ValueError, RecursionError):
            refuse(None, "The body is not valid JSON.")


BODY = web.RequestKey("body", RequestBody)


def body_of(http: web.Request) -> RequestBody:
    """The body of a request inside `Bodies.of`."""
    return http[BODY]


def too_large(most: int, count: int) -> web.HTTPRequestEntityTooLarge:
    """The refusal of a body with more than `most` bytes; `count` came or are to come."""
    text = f"The body is larger than {most} bytes."
    return web.HTTPRequestEntityTooLarge(most, count, text=text)


def _now() -> float:
    return asyncio.get_running_loop().time()

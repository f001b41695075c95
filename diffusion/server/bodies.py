"""Bodies of requests while they come in: all of them together within one bound, none for ever.

What is held counts until its request has ended, and what a body has become counts in its place.
Knows no routes.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from aiohttp import web

from diffusion.engine.shares import Caller, QueueFull, Shares
from diffusion.protocol.errors import refuse

MAX_HELD_BYTES = 1 << 29
"""Bytes of all bodies at once, with the pictures that were read from them."""

MAX_BODY_BYTES = 1 << 20
"""Bytes of a JSON body."""

BODY_SILENCE_TIMEOUT_S = 20.0
"""How long a body may stand still."""

BODY_TIMEOUT_S = 300.0
"""How long a body may take in all: 34 MiB by a line of 1 Mbit/s."""


class BodyTooSlow(Exception):
    """A body stood still, or took too long in all."""


class NoRoom(Exception):
    """Too many bytes of bodies are held already."""


class WrongType(Exception):
    """The body is not of the type that it has to be of; the message says which."""


class Bodies:
    """The bodies of all requests that are being answered."""

    def __init__(self, most: int | None = None) -> None:
        self._shares = Shares(MAX_HELD_BYTES if most is None else most)

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shares.held

    @contextmanager
    def of(self, http: web.Request) -> Iterator[None]:
        """Count what is held for a request; `body_of` finds its body."""
        body = Body(http, self._shares)
        http[BODY] = body
        try:
            yield
        finally:
            body.let_go()


class Body:
    """The body of one request."""

    def __init__(self, http: web.Request, shares: Shares) -> None:
        self._http = http
        self._shares = shares
        self._caller = Caller.at(http.remote)
        self._held = 0
        self._timeout: asyncio.Timeout | None = None
        self._last = 0.0

    def take(self, count: int) -> None:
        """So many bytes came and are held. Raises NoRoom."""
        try:
            self._shares.take(self._caller, count)
        except QueueFull:
            raise NoRoom from None
        self._held += count
        if self._timeout:
            self._timeout.reschedule(min(_now() + BODY_SILENCE_TIMEOUT_S, self._last))

    def let_go(self) -> None:
        """Nothing of it is held any more."""
        self._shares.give_back(self._caller, self._held)
        self._held = 0

    def becomes(self, count: int) -> None:
        """It is held no more, but something of so many bytes that was read from it is."""
        self.let_go()
        self.take(count)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Read in this block what `take` is then told of. Raises BodyTooSlow and NoRoom."""
        self._last = _now() + BODY_TIMEOUT_S
        try:
            async with asyncio.timeout(BODY_SILENCE_TIMEOUT_S) as self._timeout:
                yield
        except TimeoutError:
            raise BodyTooSlow from None
        finally:
            self._timeout = None

    async def read_json(self) -> object:
        """What the body says. Raises InvalidField, WrongType, BodyTooSlow and NoRoom.

        The type has to be said: browsers send other types for any page without asking.
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
                    raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(whole))
        try:
            return json.loads(whole)
        except (ValueError, RecursionError):
            refuse(None, "The body is not valid JSON.")


BODY = web.RequestKey("body", Body)


def body_of(http: web.Request) -> Body:
    return http[BODY]


def _now() -> float:
    return asyncio.get_running_loop().time()

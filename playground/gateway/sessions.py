"""A bot's session at the gateway, and the websocket it has at the moment."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum
from time import monotonic
from typing import Any

from aiohttp import web

from playground.gateway.encodings import Encoding
from playground.state.messages import Json

MAX_REPLAYED_EVENTS = 5000


class Opcode(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """Discord's close codes; 4004 and from 4010 on tell the client not to come back."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQUENCE = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013


class Hangup(Exception):
    """Ends a connection with a close code."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


@dataclass(slots=True)
class Session:
    """A bot's session: what was sent, for replay, and the connection it has now, if any."""

    token: str
    intents: int
    shard: tuple[int, int]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    sequence: int = 0
    sent: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=MAX_REPLAYED_EVENTS))
    connection: Connection | None = None
    left: float = 0

    def dispatch(self, event: str, payload: Json) -> None:
        """Number an event, keep it for replay, and send it if somebody listens."""
        self.sequence += 1
        frame = {"op": Opcode.DISPATCH, "t": event, "s": self.sequence, "d": payload}
        text = json.dumps(frame)
        self.sent.append((self.sequence, text))
        if self.connection is not None:
            self.connection.outbox.put_nowait(text)


@dataclass(slots=True, eq=False)
class Connection:
    """One websocket of a bot. Frames leave through `outbox`, in order, as `encoding` says.

    `goodbye` is set where the client closed as one that will not resume.
    """

    socket: web.WebSocketResponse
    encoding: Encoding
    outbox: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    session: Session | None = None
    heard: float = field(default_factory=monotonic)
    acknowledges: bool = True
    goodbye: bool = False
    received: deque[float] = field(default_factory=deque)

    def send(self, op: Opcode, payload: Any) -> None:
        self.outbox.put_nowait(json.dumps({"op": op, "d": payload, "s": None, "t": None}))

    async def write(self) -> None:
        while True:
            frame = self.encoding.encode(await self.outbox.get())
            if isinstance(frame, str):
                await self.socket.send_str(frame)
            else:
                await self.socket.send_bytes(frame)

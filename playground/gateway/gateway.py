"""The gateway: sessions of bots over a websocket, heartbeats, resuming with replay.

A session outlives its connection for `Limits.resume_window` seconds and keeps what it missed;
RESUME replays exactly the events after the sequence number the client names. The contents of
the events are in `events`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from playground.gateway.encodings import STREAMS, PlainText, ZlibFrames
from playground.gateway.events import (
    Intent,
    guilds_of_shard,
    members_chunk,
    ready_events,
    strip,
)
from playground.gateway.sessions import CloseCode, Connection, Hangup, Opcode, Session
from playground.state.errors import DiscordError
from playground.state.limits import CLOSE_TIMEOUT_S, Limits
from playground.state.messages import Json
from playground.state.snowflakes import shard_of
from playground.state.world import World

NORMAL_CLOSE_CODES = (WSCloseCode.OK, WSCloseCode.GOING_AWAY)
HEARTBEAT_ROUND_TRIP_S = 0.05
"""Seconds until a heartbeat is acknowledged. discord.py notes when it sent one only after sending
it; an answer quicker than any network's would be measured from the one before, and warned of."""


class Gateway:
    """All sessions and connections. `presence` listeners are called when the bot comes or goes."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.presence: list[Callable[[], None]] = []
        self._world = world
        self._limits = limits
        self._sessions: dict[str, Session] = {}
        self._connections: set[Connection] = set()
        self._began_at: dict[int, float] = {}
        """When a session last began in each bucket."""
        self.identified = 0
        """How many sessions have begun so far."""

    @property
    def url(self) -> str:
        return self._world.base_url.replace("http://", "ws://", 1) + "/gateway"

    @property
    def online(self) -> bool:
        """Whether a bot has an identified connection."""
        return any(session.connection for session in self._sessions.values())

    def dispatch(self, event: str, payload: Json, needs: Intent, guild_id: int | None) -> None:
        """Send an event of a server, or of none, to every session whose intents and shard ask for
        it."""
        self._forget_old_sessions()
        in_guild = guild_id is not None
        for session in self._sessions.values():
            if needs and not session.intents & needs:
                continue
            number, count = session.shard
            if shard_of(guild_id, count) == number:
                shown = strip(self._world, event, payload, session.intents, in_guild=in_guild)
                session.dispatch(event, shown)

    # ------------------------------------------------------------------ faults

    async def drop(self, *, resumable: bool, shard: int | None = None) -> None:
        """Cut every connection, or that of one shard; without `resumable` the sessions are
        forgotten too."""
        dropped = [
            session
            for session in self._sessions.values()
            if shard is None or session.shard[0] == shard
        ]
        connections = [session.connection for session in dropped if session.connection]
        if not resumable:
            for session in dropped:
                del self._sessions[session.id]
        await self._close(connections, CloseCode.UNKNOWN_ERROR)

    def ask_to_reconnect(self) -> None:
        """Op 7."""
        for connection in self._connections:
            connection.send(Opcode.RECONNECT, None)

    def mute_heartbeats(self) -> None:
        """Acknowledge no heartbeat any more on the connections there are now."""
        for connection in self._connections:
            connection.acknowledges = False

    async def close(self) -> None:
        await self._close(list(self._connections), WSCloseCode.GOING_AWAY)

    async def _close(self, connections: Sequence[Connection], code: int) -> None:
        await asyncio.gather(*(connection.socket.close(code=code) for connection in connections))
        for connection in connections:
            self._detach(connection)

    # ------------------------------------------------------------------ one connection

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket of a bot until it ends."""
        size = 4 * self._limits.gateway_payload
        socket = web.WebSocketResponse(timeout=CLOSE_TIMEOUT_S, max_msg_size=size)
        await socket.prepare(request)
        encoding = STREAMS.get(request.query.get("compress", ""))
        connection = Connection(socket, encoding() if encoding else PlainText())
        self._connections.add(connection)
        writer = asyncio.create_task(connection.write())
        try:
            if request.query.get("v", "10") != "10":
                raise Hangup(CloseCode.INVALID_VERSION)
            if encoding is None or request.query.get("encoding", "json") != "json":
                raise Hangup(CloseCode.DECODE_ERROR)
            interval = int(self._limits.heartbeat_interval * 1000)
            connection.send(Opcode.HELLO, {"heartbeat_interval": interval})
            await self._listen(connection)
        except Hangup as hangup:
            await socket.close(code=hangup.code)
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError, ConnectionError):
                await writer
            self._connections.discard(connection)
            self._detach(connection)
        return socket

    async def _listen(self, connection: Connection) -> None:
        while True:
            timeout = connection.heard + 2 * self._limits.heartbeat_interval - monotonic()
            try:
                async with asyncio.timeout(max(timeout, 0)):
                    frame = await connection.socket.receive()
            except TimeoutError:
                raise Hangup(CloseCode.SESSION_TIMED_OUT) from None
            if frame.type is WSMsgType.CLOSE:
                connection.goodbye = frame.data in NORMAL_CLOSE_CODES
            if frame.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            content = frame.data.encode() if frame.type is WSMsgType.TEXT else frame.data
            self._limit(connection, content)
            try:
                message = json.loads(content)
                op, payload = message["op"], message.get("d")
            except (ValueError, KeyError, TypeError):
                raise Hangup(CloseCode.DECODE_ERROR) from None
            self._take(connection, op, payload)

    def _limit(self, connection: Connection, content: bytes) -> None:
        """120 events a minute, 4096 bytes each."""
        if len(content) > self._limits.gateway_payload:
            raise Hangup(CloseCode.DECODE_ERROR)
        now = monotonic()
        connection.received.append(now)
        while connection.received[0] < now - self._limits.gateway_events_window:
            connection.received.popleft()
        if len(connection.received) > self._limits.gateway_events:
            raise Hangup(CloseCode.RATE_LIMITED)

    def _take(self, connection: Connection, op: int, payload: Any) -> None:
        match op:
            case Opcode.HEARTBEAT:
                connection.heard = monotonic()
                if connection.acknowledges:
                    loop = asyncio.get_running_loop()
                    loop.call_later(
                        HEARTBEAT_ROUND_TRIP_S, connection.send, Opcode.HEARTBEAT_ACK, None
                    )
            case Opcode.IDENTIFY:
                if connection.session is not None:
                    raise Hangup(CloseCode.ALREADY_AUTHENTICATED)
                self._identify(connection, payload)
            case Opcode.RESUME:
                if connection.session is not None:
                    raise Hangup(CloseCode.ALREADY_AUTHENTICATED)
                self._resume(connection, payload)
            case _ if connection.session is None:
                raise Hangup(CloseCode.NOT_AUTHENTICATED)
            case Opcode.REQUEST_MEMBERS:
                with suppress(DiscordError):  # nobody answers for a server that is not there
                    chunk = members_chunk(self._world, payload)
                    connection.session.dispatch("GUILD_MEMBERS_CHUNK", chunk)
            case 3 | 4:
                pass  # Presence and voice state: nobody here looks at them.
            case _:
                raise Hangup(CloseCode.UNKNOWN_OPCODE)

    def _identify(self, connection: Connection, payload: Any) -> None:
        session = self._new_session(payload)
        if not self._begins(session.shard[0] % self._limits.max_concurrency):
            connection.send(Opcode.INVALID_SESSION, False)
            return
        self._sessions[session.id] = session
        if payload.get("compress") and isinstance(connection.encoding, PlainText):
            connection.encoding = ZlibFrames()
        self._attach(session, connection)
        for event, body in ready_events(self._world, session.id, session.shard, self.url):
            session.dispatch(event, body)

    def _begins(self, bucket: int) -> bool:
        """Whether a session may begin in this bucket now."""
        now = monotonic()
        if now < self._began_at.get(bucket, -math.inf) + self._limits.identify_window:
            return False
        self._began_at[bucket] = now
        self.identified += 1
        return True

    def _new_session(self, payload: Any) -> Session:
        if not isinstance(payload, dict) or not payload.get("token"):
            raise Hangup(CloseCode.AUTHENTICATION_FAILED)
        intents = payload.get("intents")
        if not isinstance(intents, int) or intents < 0:
            raise Hangup(CloseCode.INVALID_INTENTS)
        try:
            number, count = payload.get("shard") or (0, 1)
            if not 0 <= number < count:
                raise ValueError
        except (TypeError, ValueError):
            raise Hangup(CloseCode.INVALID_SHARD) from None
        if len(guilds_of_shard(self._world, (number, count))) > self._limits.guilds_per_shard:
            raise Hangup(CloseCode.SHARDING_REQUIRED)
        return Session(payload["token"].removeprefix("Bot "), intents, (number, count))

    def _resume(self, connection: Connection, payload: Any) -> None:
        """Replay what the client missed, then RESUMED; op 9 where that cannot be done."""
        self._forget_old_sessions()
        session = self._sessions.get(payload.get("session_id", ""))
        if session is None or session.token != payload.get("token", "").removeprefix("Bot "):
            connection.send(Opcode.INVALID_SESSION, False)
            return
        seen = payload.get("seq")
        if not isinstance(seen, int) or seen > session.sequence:
            raise Hangup(CloseCode.INVALID_SEQUENCE)
        self._attach(session, connection)
        for sequence, text in session.sent:
            if sequence > seen:
                connection.outbox.put_nowait(text)
        session.dispatch("RESUMED", {"_trace": []})

    def _attach(self, session: Session, connection: Connection) -> None:
        session.connection = connection
        connection.session = session
        self._tell()

    def _detach(self, connection: Connection) -> None:
        session = connection.session
        if session is not None and session.connection is connection:
            session.connection = None
            session.left = monotonic()
            if connection.goodbye:
                self._sessions.pop(session.id, None)
            self._tell()

    def _forget_old_sessions(self) -> None:
        deadline = monotonic() - self._limits.resume_window
        for session in list(self._sessions.values()):
            if session.connection is None and session.left < deadline:
                del self._sessions[session.id]

    def _tell(self) -> None:
        for listener in self.presence:
            listener()

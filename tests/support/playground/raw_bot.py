"""A bot without a library: raw REST and a raw gateway, for what a library would hide."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

GUILD_MESSAGES_AND_REACTIONS = 1 << 0 | 1 << 9 | 1 << 10 | 1 << 12

IDENTITY = {"token": "any", "intents": GUILD_MESSAGES_AND_REACTIONS}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> int:
        """Discord's error code."""
        return int(self.body["code"])


class RawBot:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []
        self.sequence = 0
        self.ready: dict[str, Any] = {}

    async def rest(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: list[bytes] | None = None,
        token: str = "any",
    ) -> Reply:
        """One REST request; with files as multipart, as the libraries send it."""
        headers = {"Authorization": f"Bot {token}"} if token else {}
        arguments: dict[str, Any] = {}
        if files is not None:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for index, content in enumerate(files):
                form.add_field(f"files[{index}]", content, filename=f"file{index}.bin")
            arguments["data"] = form
        elif body is not None:
            arguments["json"] = body
        url = f"{self.url}/api/v10{path}"
        async with self.session.request(method, url, headers=headers, **arguments) as response:
            answer = await response.json() if response.content_length else None
            return Reply(response.status, answer, response.headers)

    async def connect(self) -> None:
        """Open the gateway as far as HELLO."""
        address = self.url.replace("http", "ws", 1) + "/gateway?v=10&encoding=json"
        self.socket = await self.session.ws_connect(address)
        self.sockets.append(self.socket)
        assert (await self.receive())["op"] == 10

    async def identify(self) -> None:
        await self.connect()
        await self.send(2, IDENTITY)
        self.ready = await self.event("READY")
        await self.event("GUILD_CREATE")

    async def identify_shard(self, number: int, count: int) -> list[str]:
        """Begin a session of one shard; the ids of its servers."""
        await self.connect()
        await self.send(2, {**IDENTITY, "shard": [number, count]})
        self.ready = await self.event("READY")
        return [guild["id"] for guild in self.ready["guilds"]]

    async def resume(self, sequence: int) -> None:
        await self.connect()
        session_id = self.ready["session_id"]
        await self.send(6, {"token": "any", "session_id": session_id, "seq": sequence})

    async def send(self, op: int, payload: Any) -> None:
        await self.socket.send_json({"op": op, "d": payload})

    async def receive(self) -> Any:
        frame = await self.socket.receive(timeout=30)
        assert frame.type is aiohttp.WSMsgType.TEXT, f"{frame.type}, {self.socket.close_code}"
        message = frame.json()
        self.sequence = message["s"] or self.sequence
        return message

    async def event(self, name: str) -> Any:
        """The payload of the next event of this name; others are skipped."""
        while True:
            message = await self.receive()
            if message["t"] == name:
                return message["d"]

    async def closed(self) -> int | None:
        """The code the gateway closes with."""
        while True:
            frame = await self.socket.receive(timeout=30)
            if frame.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED):
                return self.socket.close_code

    async def register(self, *commands: dict[str, Any]) -> Reply:
        application = (await self.rest("GET", "/applications/@me")).body["id"]
        return await self.rest("PUT", f"/applications/{application}/commands", list(commands))

    async def respond(self, interaction: Any, body: Any) -> Reply:
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback"
        return await self.rest("POST", path, body)


@asynccontextmanager
async def raw_bot(url: str) -> AsyncIterator[RawBot]:
    async with aiohttp.ClientSession() as session:
        bot = RawBot(session, url)
        try:
            yield bot
        finally:
            for socket in bot.sockets:
                await socket.close()


async def channel_of(raw: RawBot, name: str = "darkroom") -> str:
    await raw.identify()
    guild_id = raw.ready["guilds"][0]["id"]
    channels = (await raw.rest("GET", f"/guilds/{guild_id}/channels")).body
    return str(next(channel["id"] for channel in channels if channel["name"] == name))

"""One member's connection to the stand-in: requests over HTTP, what happens over a websocket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from playground.state.messages import Json
from playground.testing.views import Message

Found = TypeVar("Found")


class Refused(Exception):
    """Discord itself refused the action, before the bot heard of it: no such command for this
    member, a disabled button, an option missing. The text says which."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to hand to an attachment option."""

    filename: str
    content: bytes


class MemberConnection:
    """Sends what one member does, and keeps what they have seen.

    `timeout` (seconds) bounds every wait that names no other. `versions` has every version of
    each message that arrived, oldest first, by its id; `deleted` the ids of those that are gone;
    `state` the server, members and channels that the stand-in last sent.
    """

    def __init__(self, url: str, name: str, timeout: float) -> None:
        self._url = url
        self._name = name
        self._timeout = timeout
        self.versions: dict[str, list[Message]] = {}
        self.deleted: set[str] = set()
        self.state: Json = {}
        self._changed = asyncio.Condition()

    async def open(self) -> None:
        """Connect, and wait for the state of everything."""
        self._session = aiohttp.ClientSession()
        try:
            self._socket = await self._session.ws_connect(self._address("events"))
            await self._take(await self._socket.receive_json())
        except BaseException:
            await self._session.close()
            raise
        self._listener = asyncio.create_task(self._listen())

    async def close(self) -> None:
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)
        await self._socket.close()
        await self._session.close()

    async def request(self, method: str, path: str, **body: Any) -> Any:
        """The JSON of the answer. Raises Refused, with the reason."""
        async with self._session.request(method, self._address(path), **body) as response:
            reply = await response.json()
            if response.status >= 400:
                raise Refused(reply["message"])
            return reply

    async def post(self, path: str, body: Json) -> Any:
        """As `request`, with JSON."""
        return await self.request("POST", path, json=body)

    async def upload(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Send the files among a command's options; each `Upload` is replaced by its file's id."""
        sent = dict(options)
        for name, value in options.items():
            if isinstance(value, Upload):
                form = aiohttp.FormData()
                form.add_field("file", value.content, filename=value.filename)
                sent[name] = (await self.request("POST", "uploads", data=form))["id"]
        return sent

    async def download(self, url: str) -> bytes:
        """The bytes of a file."""
        async with self._session.get(url) as response:
            response.raise_for_status()
            return await response.read()

    async def until(
        self, found: Callable[[], Found | None], within: float | None, words: str
    ) -> Found:
        """What `found` returns as soon as it is not None, asked again after every event.

        Raises TimeoutError, which says `words`.
        """

        async def look() -> Found:
            async with self._changed:
                while (result := found()) is None:
                    await self._changed.wait()
                return result

        try:
            async with asyncio.timeout(self._timeout if within is None else within):
                return await look()
        except TimeoutError:
            latest = [versions[-1].content for versions in self.versions.values()][-5:]
            raise TimeoutError(f"{words}; the last messages were {latest}") from None

    async def _listen(self) -> None:
        async for frame in self._socket:
            await self._take(frame.json())

    async def _take(self, event: Json) -> None:
        """Add one event of the stand-in to what this member has seen."""
        async with self._changed:
            match event["event"]:
                case "hello":
                    self.state = event["state"]
                    for payload in event["messages"]:
                        self.versions[payload["id"]] = [Message.from_json(payload)]
                case "state":
                    self.state = event["state"]
                case "message_create" | "message_update":
                    message = Message.from_json(event["message"])
                    self.versions.setdefault(message.id, []).append(message)
                case "message_delete":
                    self.deleted.add(event["message_id"])
            self._changed.notify_all()

    def _address(self, path: str) -> str:
        return f"{self._url}/member/{self._name}/{path}"

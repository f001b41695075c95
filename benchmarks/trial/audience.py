"""What one member of the playground sees: every message of the server, and what became of it."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

JOB_PREFIX = "job:"


@dataclass(slots=True)
class Seen:
    """A message of the bot, as it is now. `buttons` are the custom_ids; `jobs` those they name.

    `pinged` is whom it mentioned when it was posted, `answers` the interaction that it answers.
    """

    id: str
    channel_id: str
    content: str
    buttons: tuple[str, ...]
    files: int
    pinged: frozenset[str]
    answers: str | None
    deleted: bool = False

    def __str__(self) -> str:
        buttons = ", ".join(one.rpartition(":")[2] for one in self.buttons)
        kind = f"answer to {self.answers}" if self.answers else "message"
        return f"{kind} {self.id} “{self.content[:80]}” [{buttons}]"

    @property
    def jobs(self) -> frozenset[str]:
        return frozenset(one.split(":")[1] for one in self.buttons if one.startswith(JOB_PREFIX))

    @property
    def may_cancel(self) -> bool:
        return any(one.startswith(JOB_PREFIX) and one.endswith(":cancel") for one in self.buttons)


@dataclass(slots=True)
class Audience:
    """Listens to the playground's live feed as the owner of the server, who sees all but what is
    for one member alone."""

    url: str
    messages: dict[str, Seen] = field(default_factory=dict)
    by_job: dict[str, set[str]] = field(default_factory=dict)
    """The ids of the messages whose buttons ever named a job."""
    commands_version: int = -1
    online_since: float | None = None
    """When the bot came online, in the time of the event loop; None while it is not."""
    _changed: dict[str, list[asyncio.Future[None]]] = field(default_factory=dict)
    _state: asyncio.Event = field(default_factory=asyncio.Event)

    @contextlib.asynccontextmanager
    async def listening(self) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.url}/member/you/events", max_msg_size=1 << 26) as socket,
        ):
            listener = asyncio.create_task(self._listen(socket))
            try:
                yield self
            finally:
                listener.cancel()
                await asyncio.gather(listener, return_exceptions=True)

    async def until_commands(self) -> None:
        """Until the bot is online and has registered its commands."""
        while self.online_since is None or self.commands_version <= 0:
            self._state.clear()
            await self._state.wait()

    async def until_online_for(self, seconds: float) -> None:
        """Until the bot has been online for so long."""
        while True:
            await self.until_commands()
            now = asyncio.get_running_loop().time()
            left_s = seconds - (now - (self.online_since or now))
            if left_s <= 0:
                return
            await asyncio.sleep(left_s)

    async def until_ended(self, message_id: str) -> None:
        """Until a message of a job is gone, or has no button to cancel it any more.

        Returns at once if that is so. There is no limit of time.
        """
        while not self._has_ended(message_id):
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._changed.setdefault(message_id, []).append(waiter)
            await waiter

    def of_job(self, job_id: str) -> Iterator[Seen]:
        """The messages that name a job now and are there."""
        for identity in self.by_job.get(job_id, ()):
            message = self.messages[identity]
            if not message.deleted and job_id in message.jobs:
                yield message

    def _has_ended(self, message_id: str) -> bool:
        message = self.messages.get(message_id)
        return message is not None and (
            message.deleted or (bool(message.jobs) and not message.may_cancel)
        )

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            self._take(frame.json())

    def _take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "hello" | "state":
                self._note(event["state"]["bot"]["online"])
                self.commands_version = event["state"]["commands_version"]
                self._state.set()
                for payload in event.get("messages", ()):
                    self._see(payload)
            case "message_create" | "message_update":
                self._see(event["message"])
            case "message_delete":
                if message := self.messages.get(event["message_id"]):
                    message.deleted = True
                    self._tell(message.id)

    def _note(self, is_online: bool) -> None:
        if not is_online:
            self.online_since = None
        elif self.online_since is None:
            self.online_since = asyncio.get_running_loop().time()

    def _see(self, payload: dict[str, Any]) -> None:
        message = seen(payload)
        if before := self.messages.get(message.id):
            # An edit notifies nobody.
            message.pinged = before.pinged
        self.messages[message.id] = message
        for job in message.jobs:
            self.by_job.setdefault(job, set()).add(message.id)
        self._tell(message.id)

    def _tell(self, message_id: str) -> None:
        for waiter in self._changed.pop(message_id, ()):
            if not waiter.done():
                waiter.set_result(None)


def seen(payload: dict[str, Any]) -> Seen:
    """A message as Discord sends it."""
    return Seen(
        id=payload["id"],
        channel_id=payload["channel_id"],
        content=payload["content"],
        buttons=tuple(_custom_ids(payload["components"])),
        files=len(payload["attachments"]),
        pinged=frozenset(user["id"] for user in payload["mentions"]),
        answers=(payload.get("interaction_metadata") or {}).get("id"),
    )


def _custom_ids(components: list[dict[str, Any]]) -> Iterator[str]:
    for component in components:
        if custom_id := component.get("custom_id"):
            yield custom_id
        yield from _custom_ids(component.get("components", []))

"""Members who act, each through the playground's HTTP endpoints, as its page does."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp

LOCALE = "en-US"


class NotAnswered(Exception):
    """The application did not respond within Discord's three seconds."""


class Refused(Exception):
    """Discord itself refused it, such as a button of a message that is gone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bot's first answer; `message` is None for a modal. `seconds` is how long it took."""

    interaction_id: str
    kind: str
    message: dict[str, Any] | None
    seconds: float

    @property
    def message_id(self) -> str | None:
        return None if self.message is None else str(self.message["id"])


@dataclass(frozen=True, slots=True)
class Actor:
    """One member of the server. `took` is told of how long each answer took, also of none."""

    url: str
    name: str
    http: aiohttp.ClientSession
    took: Callable[[float, bool], None] = lambda _seconds, _answered: None

    async def imagine(self, channel: str, prompt: str) -> Answer:
        options = {"prompt": prompt}
        return await self._act(
            {"type": "command", "channel": channel, "command": "imagine", "options": options}
        )

    async def use(self, channel: str, command: str, **options: Any) -> Answer:
        return await self._act(
            {"type": "command", "channel": channel, "command": command, "options": options}
        )

    async def autocomplete(self, channel: str, command: str, option: str, text: str) -> float:
        """Have the bot suggest how a text goes on; returns how many seconds that took."""
        options = {option: text}
        act = {"type": "autocomplete", "channel": channel, "command": command, "focused": option}
        seconds, _ = await self._post({**act, "options": options})
        return seconds

    async def press(self, channel_id: str, message_id: str, custom_id: str) -> Answer:
        place = {"channel": channel_id, "message": message_id}
        return await self._act({"type": "component", **place, "custom_id": custom_id})

    async def messages(self, channel: str) -> list[dict[str, Any]]:
        """A channel as this member sees it."""
        url = f"{self.url}/member/{self.name}/channels/{channel}/messages"
        async with self.http.get(url) as response:
            answer: list[dict[str, Any]] = await response.json()
            return answer

    async def _act(self, act: dict[str, Any]) -> Answer:
        seconds, reply = await self._post(act)
        answered = reply["answer"] != "none"
        self.took(seconds, answered)
        if not answered:
            raise NotAnswered
        return Answer(reply["interaction_id"], reply["answer"], reply.get("message"), seconds)

    async def _post(self, act: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        begun = time.perf_counter()
        url = f"{self.url}/member/{self.name}/interactions"
        async with self.http.post(url, json={**act, "locale": LOCALE}) as response:
            reply: dict[str, Any] = await response.json()
        if response.status >= 400:
            raise Refused(reply["message"])
        return time.perf_counter() - begun, reply

"""Members who ask throughout, whatever happens, and what they were promised."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from benchmarks.trial.audience import Audience
from benchmarks.trial.members import Actor, Answer, NotAnswered, Refused

CHANNELS = ("darkroom", "gallery")
PAUSE_S = 1.5
"""A member's mean pause between two things they do."""

PATIENCE_S = 8.0
"""How long a member waits for an end at most before they go on."""

PROMPTS = ("a red fox", "a sunflower --n 2", "a parrot --n 1", "a lion --s 50")
"""What the embedded model can draw: a job that fails is then no fault of its prompt."""

PERMUTED = "a {red, blue} fox --n 1"


@dataclass(slots=True)
class Asking:
    """All members. `answers` and `unanswered` count what the bot said in time and did not."""

    audience: Audience
    chance: random.Random
    channels: Sequence[str] = CHANNELS
    answers: int = 0
    unanswered: int = 0
    refused: int = 0
    asked_jobs: list[str] = field(default_factory=list)
    """The jobs whose messages members got as answers."""

    async def ask_throughout(self, actor: Actor) -> None:
        """One member, until cancelled."""
        while True:
            try:
                await self._take_turn(actor)
            except NotAnswered:
                self.unanswered += 1
            except Refused:
                self.refused += 1
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(self.chance.expovariate(1 / PAUSE_S))

    async def _take_turn(self, actor: Actor) -> None:
        channel = self.chance.choice(self.channels)
        kind = self.chance.random()
        if kind < 0.1:
            await self._permute(actor, channel)
            return
        if kind < 0.4 and (pressed := await self._press(actor)):
            await self._wait(pressed)
            return
        answer = await actor.imagine(channel, self.chance.choice(PROMPTS))
        job = self._note(answer)
        if job is not None and self.chance.random() < 0.2:
            await asyncio.sleep(self.chance.uniform(0, 2))
            await actor.press(channel, str(answer.message_id), f"job:{job}:cancel")
        await self._wait(answer)

    async def _permute(self, actor: Actor, channel: str) -> None:
        answer = await actor.imagine(channel, PERMUTED)
        self.answers += 1
        for row in (answer.message or {}).get("components", []):
            for button in row.get("components", []):
                if str(button.get("custom_id")).endswith(":yes"):
                    await actor.press(channel, str(answer.message_id), button["custom_id"])
                    return

    async def _press(self, actor: Actor) -> Answer | None:
        """Press a button under any end; None if there is none yet."""
        ends = [
            (message, buttons)
            for message in list(self.audience.messages.values())[-100:]
            if not message.deleted
            and not message.may_cancel
            and (buttons := [one for one in message.buttons if one.startswith("job:")])
        ]
        if not ends:
            return None
        message, buttons = self.chance.choice(ends)
        answer = await actor.press(message.channel_id, message.id, self.chance.choice(buttons))
        self._note(answer)
        return answer

    def _note(self, answer: Answer) -> str | None:
        """The job whose message is the answer, if that is known yet."""
        self.answers += 1
        for row in (answer.message or {}).get("components", []):
            for button in row.get("components", []):
                prefix, _, rest = str(button.get("custom_id")).partition(":")
                if prefix == "job":
                    job = rest.partition(":")[0]
                    self.asked_jobs.append(job)
                    return job
        return None

    async def _wait(self, answer: Answer) -> None:
        if answer.message_id is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(0, PATIENCE_S)):
                    await self.audience.until_ended(answer.message_id)

"""A small bot on the real discord.py, for tests of the playground."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
import yarl
from discord import app_commands

from tests.support.pictures import picture

SIZE_PX = (64, 64)
"""Width and height of the pictures that the bot sends."""


def picture_file(colour: str = "red", description: str | None = None) -> discord.File:
    return discord.File(
        io.BytesIO(picture(colour, SIZE_PX)), f"{colour}.png", description=description
    )


class SmallBot(discord.Client):
    """A client with a command tree that keeps every event and error it meets."""

    def __init__(self, **options: Any) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0, **options)
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._keep)
        self.errors: list[BaseException] = []
        self.reactions: list[str] = []
        self.resumed = asyncio.Event()
        self.reacted = asyncio.Event()
        self.failed = asyncio.Event()

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, _: int | None, *, initial: bool = False) -> None:
        """Identify again at once: the library would wait five seconds."""

    async def on_resumed(self) -> None:
        self.resumed.set()

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        assert self.user is not None
        if event.user_id != self.user.id:
            self.reactions.append(event.emoji.name)
            self.reacted.set()

    async def on_error(self, event: str, /, *_: Any, **__: Any) -> None:
        error = sys.exc_info()[1]
        assert error is not None, event
        self.errors.append(error)

    async def _keep(self, _: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))
        self.failed.set()


@asynccontextmanager
async def connected(bot: SmallBot, url: str) -> AsyncIterator[SmallBot]:
    """The bot, ready on the playground at `url`; closed at the end."""
    discord.http.Route.BASE = f"{url}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url + "/gateway").with_scheme("ws")
    discord.asset.Asset.BASE = f"{url}/cdn"
    async with bot:
        await bot.login("any token")
        running = asyncio.create_task(bot.connect())
        ready = asyncio.create_task(bot.wait_until_ready())
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield bot
    await asyncio.gather(running, return_exceptions=True)

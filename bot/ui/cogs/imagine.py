"""`/imagine`: a prompt becomes jobs."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.ui.confirmations import show_imagined
from bot.ui.responses import requester_of, run_in_time, upload
from diffusion.protocol.requests import MAX_PROMPT
from storage.database import StorageUnavailable

if TYPE_CHECKING:
    from bot.client import DarkroomBot


class ImagineCog(commands.Cog):
    """Drawing."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-imagine"))
    @app_commands.describe(prompt=say("command-imagine.prompt"), image=say("command-imagine.image"))
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT],
        image: discord.Attachment | None = None,
    ) -> None:
        images = [upload(image)] if image else []
        work = self._bot.generation.imagine(requester_of(interaction), prompt, images)
        await show_imagined(interaction, await run_in_time(interaction, work))

    @imagine.autocomplete("prompt")
    async def complete_prompt(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        try:
            found = await self._bot.history.suggestions(interaction.user.id, typed)
        except StorageUnavailable:
            found = ()
        return [app_commands.Choice(name=visible(prompt) or "…", value=prompt) for prompt in found]

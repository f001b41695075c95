"""`/imagine`: queue the jobs of a prompt."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import say
from bot.services.container import Services
from bot.ui.confirmations import show_imagined
from bot.ui.interactions import requester_of, upload_of, whereabouts_of
from bot.ui.responses import Responder
from diffusion.protocol.requests import MAX_PROMPT_CHARS
from storage.database import StorageUnavailable


class ImagineCog(commands.Cog):
    """Generating pictures."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=say("command-imagine"))
    @app_commands.describe(prompt=say("command-imagine.prompt"), image=say("command-imagine.image"))
    async def imagine(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARS],
        image: discord.Attachment | None = None,
    ) -> None:
        images = [upload_of(image)] if image else []
        work = self._services.generation.imagine(requester_of(interaction), prompt, images)
        await show_imagined(interaction, await Responder(interaction).run(work))

    @imagine.autocomplete("prompt")
    async def complete_prompt(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        completion = self._services.completion
        try:
            placed = await self._services.defaults.placed(whereabouts_of(interaction))
            found = await completion.suggest(
                placed, typed, has_pictures="image" in interaction.namespace
            )
        except StorageUnavailable:
            # A list of suggestions cannot show an error.
            found = ()
        return [app_commands.Choice(name=prompt, value=prompt) for prompt in found]

"""`/describe` and `/shorten`: suggest prompts for a picture, or shorter ones for a prompt."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import NotAPicture
from bot.i18n.texts import say
from bot.services.container import Services
from bot.ui.interactions import showing_place_of, upload_of
from bot.ui.responses import Responder
from bot.ui.suggestions import show_description, show_weights

MAX_SHORTENED_CHARS = 600
"""Characters of a prompt to shorten: the answer repeats it several times."""


class DescribeCog(commands.Cog):
    """Suggested prompts."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=say("command-describe"))
    @app_commands.describe(image=say("command-describe.image"), link=say("command-describe.link"))
    async def describe(
        self,
        interaction: discord.Interaction,
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
    ) -> None:
        picture = upload_of(image) if image else (link or "").strip()
        if not picture:
            raise NotAPicture
        stealth = await self._stealth(interaction)
        work = self._services.descriptions.describe(
            picture,
            interaction.user.id,
            most_bytes=interaction.filesize_limit,
            place=showing_place_of(interaction),
        )
        described = await Responder(interaction).run(work, ephemeral=stealth)
        await show_description(interaction, described, ephemeral=stealth)

    @app_commands.command(description=say("command-shorten"))
    @app_commands.describe(prompt=say("command-shorten.prompt"))
    async def shorten(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_SHORTENED_CHARS],
    ) -> None:
        stealth = await self._stealth(interaction)
        work = self._services.descriptions.shorten(prompt, interaction.user.id)
        weighed = await Responder(interaction).run(work, ephemeral=stealth)
        await show_weights(interaction, weighed, ephemeral=stealth)

    async def _stealth(self, interaction: discord.Interaction) -> bool:
        """Whether the member wants to be the only one who sees answers."""
        work = self._services.preferences.preferences(interaction.user.id)
        return (await Responder(interaction).run(work)).stealth

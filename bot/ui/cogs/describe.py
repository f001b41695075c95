"""`/describe` and `/shorten`: suggest prompts for a picture, or shorter ones for a prompt."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import NotAPicture
from bot.i18n.texts import say
from bot.services.container import Services
from bot.services.describe import WordWeights
from bot.ui.interactions import upload_of, whereabouts_of
from bot.ui.responses import Responder
from bot.ui.suggestions import describe, show_description, show_weights, with_allowed_prompts

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
        work = describe(interaction, picture)
        described = await Responder(interaction).run(work, ephemeral=stealth)
        described = await with_allowed_prompts(interaction, described, ephemeral=stealth)
        await show_description(interaction, described, ephemeral=stealth)

    @app_commands.command(description=say("command-shorten"))
    @app_commands.describe(prompt=say("command-shorten.prompt"))
    async def shorten(
        self,
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 1, MAX_SHORTENED_CHARS],
    ) -> None:
        stealth = await self._stealth(interaction)
        requester = whereabouts_of(interaction)

        async def shorten_if_allowed() -> WordWeights:
            await self._services.authorization.check_requester(requester)
            await self._services.words.check(requester.location, prompt)
            return await self._services.descriptions.shorten(prompt, interaction.user.id)

        weighed = await Responder(interaction).run(shorten_if_allowed(), ephemeral=stealth)
        await show_weights(interaction, weighed, ephemeral=stealth)

    async def _stealth(self, interaction: discord.Interaction) -> bool:
        """Whether the member wants to be the only one who sees answers."""
        work = self._services.preferences.preferences(interaction.user.id)
        return (await Responder(interaction).run(work)).stealth

"""`/describe` and `/shorten`: from a picture to prompts, and from a prompt to shorter ones."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import NotAPicture
from bot.i18n.texts import say
from bot.ui.responses import run_in_time, upload
from bot.ui.suggestions import show_description, show_weights

if TYPE_CHECKING:
    from bot.client import DarkroomBot

MAX_SHORTENED_CHARS = 600
"""Characters of a prompt that is shortened: it is shown several times over."""


class DescribeCog(commands.Cog):
    """Prompts that the bot proposes."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-describe"))
    @app_commands.describe(image=say("command-describe.image"), link=say("command-describe.link"))
    async def describe(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        image: discord.Attachment | None = None,
        link: app_commands.Range[str, 1, 2000] | None = None,
    ) -> None:
        picture = upload(image) if image else (link or "").strip()
        if not picture:
            raise NotAPicture
        preferences = self._bot.preferences.preferences(interaction.user.id)
        hidden = (await run_in_time(interaction, preferences)).stealth
        work = self._bot.descriptions.describe(
            picture, interaction.user.id, most_bytes=interaction.filesize_limit
        )
        described = await run_in_time(interaction, work, hidden=hidden)
        await show_description(interaction, described, hidden)

    @app_commands.command(description=say("command-shorten"))
    @app_commands.describe(prompt=say("command-shorten.prompt"))
    async def shorten(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        prompt: app_commands.Range[str, 1, MAX_SHORTENED_CHARS],
    ) -> None:
        preferences = self._bot.preferences.preferences(interaction.user.id)
        hidden = (await run_in_time(interaction, preferences)).stealth
        work = self._bot.descriptions.shorten(prompt, interaction.user.id)
        weighed = await run_in_time(interaction, work, hidden=hidden)
        await show_weights(interaction, weighed, hidden)

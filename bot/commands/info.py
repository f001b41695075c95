"""`/info`: how a member stands."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import messages
from bot.answers import in_time, show_card

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class Info(commands.Cog):
    """Looking things up."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description="Your running and queued jobs, and all you have made.")
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    async def info(self, interaction: discord.Interaction) -> None:
        work = self._bot.studio.standing(interaction.user.id, interaction.guild_id)
        standing = await in_time(interaction, work, hidden=True)
        locale = interaction.locale.value
        card = messages.info(standing.open_jobs, standing.totals, standing.limit, locale)
        await show_card(interaction, card)

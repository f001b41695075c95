"""`/settings`, the member's own panel, and the commands that are one of its buttons each."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import cards
from bot.answers import chooser, in_time, show_card
from bot.panel import show_panel
from bot.texts import Text, say

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class Settings(commands.Cog):
    """What a member chooses for all their prompts."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-settings"))
    async def settings(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        await show_panel(interaction, self._bot.choices.preferences(interaction.user.id))

    @app_commands.command(description=say("command-turbo"))
    async def turbo(self, interaction: discord.Interaction) -> None:
        await self._prefer(interaction, Text("preferred.turbo"), mode="turbo")

    @app_commands.command(description=say("command-fast"))
    async def fast(self, interaction: discord.Interaction) -> None:
        await self._prefer(interaction, Text("preferred.fast"), mode="fast")

    @app_commands.command(description=say("command-relax"))
    async def relax(self, interaction: discord.Interaction) -> None:
        await self._prefer(interaction, Text("preferred.relax"), mode="relax")

    @app_commands.command(description=say("command-public"))
    async def public(self, interaction: discord.Interaction) -> None:
        await self._prefer(interaction, Text("preferred.public"), stealth=False)

    @app_commands.command(description=say("command-stealth"))
    async def stealth(self, interaction: discord.Interaction) -> None:
        await self._prefer(interaction, Text("preferred.stealth"), stealth=True)

    async def _prefer(
        self, interaction: discord.Interaction, said: Text, **changes: object
    ) -> None:
        work = self._bot.choices.prefer(chooser(interaction), **changes)
        await in_time(interaction, work, hidden=True)
        await show_card(interaction, cards.preferred(said, interaction.locale.value))

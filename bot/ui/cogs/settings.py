"""`/settings`, the member's own panel, and the commands that are one of its buttons each."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.ui.responses import member_of, run_in_time, show_embed
from bot.ui.settings_panel import show_panel

if TYPE_CHECKING:
    from bot.client import DarkroomBot


class SettingsCog(commands.Cog):
    """What a member chooses for all their prompts."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-settings"))
    async def settings(self, interaction: "discord.Interaction[DarkroomBot]") -> None:
        await show_panel(interaction, self._bot.preferences.preferences(interaction.user.id))

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
        work = self._bot.preferences.prefer(member_of(interaction), **changes)
        await run_in_time(interaction, work, hidden=True)
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

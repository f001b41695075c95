"""`/settings`: what a server's admins decide for everyone."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot import messages
from bot.answers import in_time, show_card
from bot.errors import NotPermitted
from bot.parameters import MOST_STYLIZE

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class Settings(commands.Cog):
    """Defaults and limits of a server."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description="Defaults and limits of this server; alone, it shows them.")
    @app_commands.describe(
        aspect="Shape where the prompt has no --ar, such as 3:2",
        style="Style where the prompt has no --style; raw for none",
        stylize="Strength where the prompt has no --stylize, 0 to 1000",
        jobs_per_member="How many jobs a member may have waiting or running at a time",
    )
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    async def settings(
        self,
        interaction: discord.Interaction,
        aspect: app_commands.Range[str, 1, 20] | None = None,
        style: app_commands.Range[str, 1, 40] | None = None,
        stylize: app_commands.Range[int, 0, MOST_STYLIZE] | None = None,
        jobs_per_member: app_commands.Range[int, 1, 100] | None = None,
    ) -> None:
        # Admins of a server can open the command to everyone; the settings stay theirs.
        if interaction.guild_id is None or not interaction.permissions.manage_guild:
            raise NotPermitted
        if all(given is None for given in (aspect, style, stylize, jobs_per_member)):
            work = self._bot.studio.server_settings(interaction.guild_id)
            settings = await in_time(interaction, work, hidden=True)
            await show_card(
                interaction,
                messages.settings_shown(settings, changed=False, locale=interaction.locale.value),
            )
            return
        change = self._bot.studio.change_settings(
            interaction.guild_id,
            aspect=aspect,
            style=style,
            stylize=stylize,
            jobs_per_member=jobs_per_member,
        )
        settings = await in_time(interaction, change, hidden=True)
        await show_card(
            interaction,
            messages.settings_shown(settings, changed=True, locale=interaction.locale.value),
        )

    @settings.autocomplete("style")
    async def complete_style(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = ["raw", *await self._bot.studio.style_names()]
        near = [name for name in names if typed.lower() in name]
        return [app_commands.Choice(name=name, value=name) for name in near[:25]]

"""`/settings`, a member's panel of settings, and the commands that set one of them."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.services.container import Services
from bot.ui.interactions import member_of
from bot.ui.responses import Responder
from bot.ui.settings_panel import show_panel


class SettingsCog(commands.Cog):
    """A member's settings for all their prompts."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=say("command-settings"))
    async def settings(self, interaction: discord.Interaction) -> None:
        await show_panel(interaction, self._services.preferences.preferences(interaction.user.id))

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
        self, interaction: discord.Interaction, text: Text, **changes: object
    ) -> None:
        responder = Responder(interaction)
        work = self._services.preferences.prefer(member_of(interaction), **changes)
        await responder.run(work, ephemeral=True)
        await responder.send_embed(settings_embeds.preferred(text, interaction.locale.value))

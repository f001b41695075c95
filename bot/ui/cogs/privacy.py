"""`/privacy`: a member has all that is stored about them sent to them, or deleted."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import say
from bot.messages import privacy_embeds
from bot.services.container import Services
from bot.ui.erasing import ask_to_erase
from bot.ui.responses import Responder


class PrivacyCog(commands.GroupCog, group_name="privacy", group_description=say("command-privacy")):
    """A member's own data. Not even a member who is blocked is refused this."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    @app_commands.command(description=say("command-privacy-export"))
    async def export(self, interaction: discord.Interaction) -> None:
        responder, locale = Responder(interaction), interaction.locale.value
        await responder.think()
        sent = await self._services.export.send(
            interaction.user.id, locale, lambda part: responder.send(part, ephemeral=True)
        )
        await responder.send_embed(privacy_embeds.exported(sent, locale))

    @app_commands.command(description=say("command-privacy-delete"))
    async def delete(self, interaction: discord.Interaction) -> None:
        await ask_to_erase(interaction)

"""`/server block`, `unblock` and `blocked`."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import Text, say
from bot.messages import access_embeds, settings_embeds
from bot.policy.blocks import check_blockable, read_duration
from bot.services.container import Services
from bot.ui.interactions import moderated_server_of
from bot.ui.responses import Responder

MAX_REASON_CHARS = 300


class BlockCommands(commands.Cog):
    """The commands as a part of the cog of `/server`."""

    _services: Services

    @app_commands.command(description=say("command-server-block"))
    @app_commands.describe(
        member=say("command-server-block.member"),
        duration=say("command-server-block.duration"),
        reason=say("command-server-block.reason"),
    )
    @app_commands.rename(duration="for")
    async def block(
        self,
        interaction: discord.Interaction,
        member: discord.User,
        duration: app_commands.Range[str, 1, 20] | None = None,
        reason: app_commands.Range[str, 1, MAX_REASON_CHARS] | None = None,
    ) -> None:
        server_id = moderated_server_of(interaction)
        check_blockable(
            interaction.user.id, member.id, manages=_manages(interaction, member), is_bot=member.bot
        )
        length = None if duration is None else read_duration(duration)
        work = self._services.blocks.block(
            server_id, member.id, interaction.user.id, length, reason
        )
        responder = Responder(interaction)
        block, cancelled = await responder.run(work, ephemeral=True)
        await responder.send_embed(access_embeds.block(block, cancelled, interaction.locale.value))

    @app_commands.command(description=say("command-server-unblock"))
    @app_commands.describe(member=say("command-server-unblock.member"))
    async def unblock(self, interaction: discord.Interaction, member: discord.User) -> None:
        server_id, responder = moderated_server_of(interaction), Responder(interaction)
        await responder.run(self._services.blocks.unblock(server_id, member.id), ephemeral=True)
        text = Text("done.unblocked", {"member": access_embeds.member(member.id)})
        await responder.send_embed(settings_embeds.done(text, interaction.locale.value))

    @app_commands.command(description=say("command-server-blocked"))
    async def blocked(self, interaction: discord.Interaction) -> None:
        server_id, responder = moderated_server_of(interaction), Responder(interaction)
        found = await responder.run(self._services.blocks.blocked(server_id), ephemeral=True)
        await responder.send_embed(access_embeds.blocks(found, interaction.locale.value))


def _manages(interaction: discord.Interaction, member: discord.User | discord.Member) -> bool:
    """Whether somebody may manage the server, as Discord says in the command itself."""
    is_owner = interaction.guild is not None and interaction.guild.owner_id == member.id
    allowed = getattr(member, "resolved_permissions", None)
    return is_owner or bool(allowed and allowed.manage_guild)

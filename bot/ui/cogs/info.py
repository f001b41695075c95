"""`/info`, `/queue` and `/help`: how a member stands, what goes on, and what there is."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import say
from bot.messages import help_embeds, job_embeds
from bot.prompts.parameters import BY_FLAG
from bot.prompts.values import flag_name
from bot.services.generation import Standing
from bot.ui.pagination import show_help
from bot.ui.responses import run_in_time, show_embed
from storage.members import Preferences

if TYPE_CHECKING:
    from bot.client import DarkroomBot


class InfoCog(commands.Cog):
    """Looking things up."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-info"))
    async def info(self, interaction: discord.Interaction) -> None:
        member_id = interaction.user.id

        async def look_up() -> tuple[Standing, Preferences]:
            standing = await self._bot.generation.standing(member_id, interaction.guild_id)
            return standing, await self._bot.preferences.preferences(member_id)

        standing, preferences = await run_in_time(interaction, look_up(), hidden=True)
        embed = job_embeds.info(
            standing.open_jobs,
            standing.totals,
            standing.limit,
            preferences,
            interaction.locale.value,
        )
        await show_embed(interaction, embed)

    @app_commands.command(description=say("command-queue"))
    async def queue(self, interaction: discord.Interaction) -> None:
        work = self._bot.history.queue(interaction.user.id)
        place = await run_in_time(interaction, work, hidden=True)
        assert interaction.channel_id is not None, "commands come from channels"
        embed = job_embeds.queue(place, interaction.channel_id, interaction.locale.value)
        await show_embed(interaction, embed)

    @app_commands.command(description=say("command-help"))
    @app_commands.describe(parameter=say("command-help.parameter"))
    async def help(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        parameter: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        if parameter is not None:
            await show_embed(
                interaction, help_embeds.parameter(parameter, interaction.locale.value)
            )
            return
        await show_help(interaction, "commands")

    @help.autocomplete("parameter")
    async def complete_parameter(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        flag = flag_name(typed)
        near = [name for name in BY_FLAG if name.startswith(flag)]
        return [app_commands.Choice(name=f"--{name}", value=name) for name in near[:25]]

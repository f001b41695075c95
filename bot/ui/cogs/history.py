"""`/history`, `/show` and `/seed`: what a member made before."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.ui.pagination import show_again, show_details, show_page
from bot.ui.responses import run_in_time

if TYPE_CHECKING:
    from bot.client import DarkroomBot

MAX_SEARCH_CHARS = 60
"""Characters of a search: what the buttons that turn its pages can carry."""


class HistoryCog(commands.Cog):
    """Looking back."""

    def __init__(self, bot: "DarkroomBot") -> None:
        self._bot = bot

    @app_commands.command(description=say("command-history"))
    @app_commands.describe(search=say("command-history.search"))
    async def history(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        search: app_commands.Range[str, 1, MAX_SEARCH_CHARS] | None = None,
    ) -> None:
        await show_page(interaction, " ".join((search or "").split()), 0)

    @app_commands.command(description=say("command-show"))
    @app_commands.describe(id=say("command-show.id"))
    async def show(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        id: app_commands.Range[str, 1, 200],
    ) -> None:
        work = self._bot.history.find(interaction.user.id, id)
        await show_again(interaction, work)

    @app_commands.command(description=say("command-seed"))
    @app_commands.describe(id=say("command-seed.id"))
    async def seed(
        self,
        interaction: "discord.Interaction[DarkroomBot]",
        id: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        work = self._bot.history.find(interaction.user.id, id)
        await show_details(interaction, await run_in_time(interaction, work, hidden=True))

    @show.autocomplete("id")
    @seed.autocomplete("id")
    async def complete_id(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        jobs = await self._bot.history.latest(interaction.user.id, typed)
        return [
            app_commands.Choice(name=f"{job.id[:8]} {visible(job.prompt, 91)}", value=job.id)
            for job in jobs
        ]

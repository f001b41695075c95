"""`/history`, `/show` and `/seed`: look up earlier jobs."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.i18n.translator import choices
from bot.messages.job_embeds import ALL_KINDS, HISTORY_KINDS
from bot.services.container import Services
from bot.ui.pagination import show_again, show_details, show_page
from bot.ui.responses import Responder

MAX_QUERY_CHARS = 60
"""Characters of a search: it must fit into the custom_ids of the page buttons."""


class HistoryCog(commands.Cog):
    """A member's earlier jobs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=say("command-history"))
    @app_commands.describe(search=say("command-history.search"), kind=say("command-history.kind"))
    @app_commands.choices(kind=choices(*HISTORY_KINDS))
    async def history(
        self,
        interaction: discord.Interaction,
        search: app_commands.Range[str, 1, MAX_QUERY_CHARS] | None = None,
        kind: str = ALL_KINDS,
    ) -> None:
        await show_page(interaction, " ".join((search or "").split()), 0, kind)

    @app_commands.command(description=say("command-show"))
    @app_commands.describe(id=say("command-show.id"))
    async def show(
        self,
        interaction: discord.Interaction,
        id: app_commands.Range[str, 1, 200],
    ) -> None:
        work = self._services.history.find(interaction.user.id, id)
        await show_again(interaction, work)

    @app_commands.command(description=say("command-seed"))
    @app_commands.describe(id=say("command-seed.id"))
    async def seed(
        self,
        interaction: discord.Interaction,
        id: app_commands.Range[str, 1, 200] | None = None,
    ) -> None:
        work = self._services.history.find(interaction.user.id, id)
        await show_details(interaction, await Responder(interaction).run(work, ephemeral=True))

    @show.autocomplete("id")
    @seed.autocomplete("id")
    async def complete_id(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        jobs = await self._services.history.latest(interaction.user.id, typed)
        return [
            app_commands.Choice(name=f"{job.id[:8]} {visible(job.prompt, 91)}", value=job.id)
            for job in jobs
        ]

"""`/info`, `/queue`, `/models` and `/help`: a member's jobs, the queue, the models, the help."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.markdown import visible
from bot.i18n.texts import say
from bot.messages import help_embeds, job_embeds, model_cards, quota_embeds
from bot.models.versions import Versions
from bot.prompts.parameters import BY_FLAG
from bot.prompts.values import flag_name
from bot.services.container import Services
from bot.services.generation import Standing
from bot.ui.help_pages import show_help
from bot.ui.interactions import channel_id_of, roles_of
from bot.ui.model_pages import show_models
from bot.ui.responses import Responder
from storage.members import Preferences

MAX_SEARCH_CHARS = 60
"""Characters of a search: a custom_id has room for them."""


class InfoCog(commands.Cog):
    """Looking things up, without changing anything."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(description=say("command-info"))
    async def info(self, interaction: discord.Interaction) -> None:
        member_id = interaction.user.id

        async def look_up() -> tuple[Standing, Preferences, Versions | None]:
            standing = await self._services.generation.standing(
                member_id, interaction.guild_id, roles_of(interaction.user)
            )
            preferences = await self._services.preferences.preferences(member_id)
            return standing, preferences, await self._services.history.versions()

        responder, locale = Responder(interaction), interaction.locale.value
        standing, preferences, versions = await responder.run(look_up(), ephemeral=True)
        embed = job_embeds.info(
            standing.open_jobs,
            standing.totals,
            standing.limit,
            preferences,
            locale,
            standing.confirmed_limit,
            quota_embeds.own_field(standing.quota, standing.usage, locale)
            + job_embeds.engines_field(self._services.history.engines(), versions, locale),
        )
        await responder.send_embed(embed)

    @app_commands.command(description=say("command-queue"))
    async def queue(self, interaction: discord.Interaction) -> None:
        responder = Responder(interaction)
        work = self._services.history.queue(interaction.user.id)
        position = await responder.run(work, ephemeral=True)
        embed = job_embeds.queue(position, channel_id_of(interaction), interaction.locale.value)
        await responder.send_embed(embed)

    @app_commands.command(description=say("command-models"))
    @app_commands.describe(search=say("command-models.search"))
    async def models(
        self,
        interaction: discord.Interaction,
        search: app_commands.Range[str, 1, MAX_SEARCH_CHARS] | None = None,
    ) -> None:
        await show_models(interaction, search or "", 0)

    @models.autocomplete("search")
    async def complete_search(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        versions = await self._services.history.versions()
        if versions is None:
            return []
        near = {
            model.title or model.id: model.id
            for name, model in versions.models.items()
            if model_cards.is_called(typed, name, model) and len(model.id) <= MAX_SEARCH_CHARS
        }
        return [
            app_commands.Choice(name=visible(title, 100), value=model_id)
            for title, model_id in list(near.items())[:25]
        ]

    @app_commands.command(description=say("command-help"))
    @app_commands.describe(parameter=say("command-help.parameter"))
    async def help(
        self,
        interaction: discord.Interaction,
        parameter: app_commands.Range[str, 1, 40] | None = None,
    ) -> None:
        if parameter is None:
            await show_help(interaction, "start")
            return
        embed = help_embeds.parameter(parameter, interaction.locale.value)
        await Responder(interaction).send_embed(embed)

    @help.autocomplete("parameter")
    async def complete_parameter(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        flag = flag_name(typed)
        near = [name for name in BY_FLAG if name.startswith(flag)]
        return [app_commands.Choice(name=f"--{name}", value=name) for name in near[:25]]

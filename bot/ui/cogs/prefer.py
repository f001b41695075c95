"""`/prefer`: own options, suffix, remix, variability, auto DM and recipes of stealth jobs."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.prompts.values import flag_name
from bot.services.container import Services
from bot.ui.interactions import location_of, member_of
from bot.ui.responses import Responder

T = TypeVar("T")

MAX_OPTION_VALUE_CHARS = 1000
"""Characters of an option's value, or of a suffix."""


class PreferCog(commands.GroupCog, group_name="prefer", group_description=say("command-prefer")):
    """A member's preferences."""

    option = app_commands.Group(name="option", description=say("command-prefer-option"))

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    @option.command(name="set", description=say("command-prefer-option-set"))
    @app_commands.describe(
        option=say("command-prefer-option-set.option"), value=say("command-prefer-option-set.value")
    )
    async def set_option(
        self,
        interaction: discord.Interaction,
        option: app_commands.Range[str, 1, 40],
        value: app_commands.Range[str, 1, MAX_OPTION_VALUE_CHARS] | None = None,
    ) -> None:
        member, preferences = member_of(interaction), self._services.preferences
        if value is None:
            name = await _run(interaction, preferences.forget_option(member, option))
            await _confirm(interaction, Text("preferred.forgotten", {"name": name}))
        else:
            await self._check_words(interaction, option, value)
            name = await _run(interaction, preferences.set_option(member, option, value))
            text = Text("preferred.option", {"name": name, "value": value})
            await _confirm(interaction, text)

    @set_option.autocomplete("option")
    async def complete_option(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = await self._services.preferences.options(interaction.user.id)
        near = [name for name in names if flag_name(typed) in name]
        return [app_commands.Choice(name=name, value=name) for name in near]

    @option.command(name="list", description=say("command-prefer-option-list"))
    async def list_options(self, interaction: discord.Interaction) -> None:
        work = self._services.preferences.options(interaction.user.id)
        embed = settings_embeds.own_options(await _run(interaction, work), interaction.locale.value)
        await Responder(interaction).send_embed(embed)

    @app_commands.command(description=say("command-prefer-suffix"))
    @app_commands.describe(value=say("command-prefer-suffix.value"))
    async def suffix(
        self,
        interaction: discord.Interaction,
        value: app_commands.Range[str, 1, MAX_OPTION_VALUE_CHARS] | None = None,
    ) -> None:
        await self._check_words(interaction, value or "")
        work = self._services.preferences.set_suffix(member_of(interaction), value or "")
        suffix = (await _run(interaction, work)).suffix
        text = Text("preferred.suffix", {"suffix": suffix})
        await _confirm(interaction, text if suffix else Text("preferred.no-suffix"))

    async def _check_words(self, interaction: discord.Interaction, *texts: str) -> None:
        """Raises ForbiddenWords for what could not be used in a prompt here."""
        await _run(interaction, self._services.words.check(location_of(interaction), *texts))

    @app_commands.command(description=say("command-prefer-remix"))
    async def remix(self, interaction: discord.Interaction) -> None:
        work = self._services.preferences.toggle(member_of(interaction), "remix")
        on = (await _run(interaction, work)).remix
        await _confirm(interaction, Text("preferred.remix-on" if on else "preferred.remix-off"))

    @app_commands.command(description=say("command-prefer-variability"))
    async def variability(self, interaction: discord.Interaction) -> None:
        work = self._services.preferences.toggle(member_of(interaction), "variability")
        variability = (await _run(interaction, work)).variability
        await _confirm(interaction, Text(f"preferred.{variability}"))

    @app_commands.command(description=say("command-prefer-auto_dm"))
    async def auto_dm(self, interaction: discord.Interaction) -> None:
        work = self._services.preferences.toggle(member_of(interaction), "auto_dm")
        on = (await _run(interaction, work)).auto_dm
        text = Text("preferred.auto-dm-on" if on else "preferred.auto-dm-off")
        await _confirm(interaction, text)

    @app_commands.command(description=say("command-prefer-stealth_recipe"))
    async def stealth_recipe(self, interaction: discord.Interaction) -> None:
        work = self._services.preferences.toggle(member_of(interaction), "stealth_recipe")
        on = (await _run(interaction, work)).stealth_recipe
        text = Text("preferred.stealth-recipe-on" if on else "preferred.stealth-recipe-off")
        await _confirm(interaction, text)


async def _run(interaction: discord.Interaction, work: Coroutine[Any, Any, T]) -> T:
    return await Responder(interaction).run(work, ephemeral=True)


async def _confirm(interaction: discord.Interaction, text: Text) -> None:
    """Say what was saved."""
    embed = settings_embeds.preferred(text, interaction.locale.value)
    await Responder(interaction).send_embed(embed)

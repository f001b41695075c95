"""`/prefer`: options of one's own, the suffix, and what is on or off."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.prompts.values import flag_name
from bot.ui.responses import member_of, run_in_time, show_embed

if TYPE_CHECKING:
    from bot.client import DarkroomBot

MAX_OPTION_VALUE_CHARS = 1000
"""Characters of what an option stands for, or of a suffix."""


class PreferCog(commands.GroupCog, group_name="prefer", group_description=say("command-prefer")):
    """What a member prefers."""

    option = app_commands.Group(name="option", description=say("command-prefer-option"))

    def __init__(self, bot: "DarkroomBot") -> None:
        super().__init__()
        self._bot = bot

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
        who, choices = member_of(interaction), self._bot.preferences
        if value is None:
            name = await run_in_time(interaction, choices.forget_option(who, option), hidden=True)
            said = Text("preferred.forgotten", {"name": name})
        else:
            name = await run_in_time(
                interaction, choices.set_option(who, option, value), hidden=True
            )
            said = Text("preferred.option", {"name": name, "value": value})
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

    @set_option.autocomplete("option")
    async def complete_option(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        names = await self._bot.preferences.options(interaction.user.id)
        near = [name for name in names if flag_name(typed) in name]
        return [app_commands.Choice(name=name, value=name) for name in near]

    @option.command(name="list", description=say("command-prefer-option-list"))
    async def list_options(self, interaction: discord.Interaction) -> None:
        work = self._bot.preferences.options(interaction.user.id)
        options = await run_in_time(interaction, work, hidden=True)
        await show_embed(
            interaction, settings_embeds.own_options(options, interaction.locale.value)
        )

    @app_commands.command(description=say("command-prefer-suffix"))
    @app_commands.describe(value=say("command-prefer-suffix.value"))
    async def suffix(
        self,
        interaction: discord.Interaction,
        value: app_commands.Range[str, 1, MAX_OPTION_VALUE_CHARS] | None = None,
    ) -> None:
        work = self._bot.preferences.set_suffix(member_of(interaction), value or "")
        suffix = (await run_in_time(interaction, work, hidden=True)).suffix
        said = Text("preferred.suffix", {"suffix": suffix})
        if not suffix:
            said = Text("preferred.no-suffix")
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

    @app_commands.command(description=say("command-prefer-remix"))
    async def remix(self, interaction: discord.Interaction) -> None:
        work = self._bot.preferences.toggle(member_of(interaction), "remix")
        on = (await run_in_time(interaction, work, hidden=True)).remix
        said = Text("preferred.remix-on") if on else Text("preferred.remix-off")
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

    @app_commands.command(description=say("command-prefer-variability"))
    async def variability(self, interaction: discord.Interaction) -> None:
        work = self._bot.preferences.toggle(member_of(interaction), "variability")
        changed = await run_in_time(interaction, work, hidden=True)
        said = Text(f"preferred.{changed.variability}")
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

    @app_commands.command(description=say("command-prefer-auto_dm"))
    async def auto_dm(self, interaction: discord.Interaction) -> None:
        work = self._bot.preferences.toggle(member_of(interaction), "auto_dm")
        on = (await run_in_time(interaction, work, hidden=True)).auto_dm
        said = Text("preferred.auto-dm-on") if on else Text("preferred.auto-dm-off")
        await show_embed(interaction, settings_embeds.preferred(said, interaction.locale.value))

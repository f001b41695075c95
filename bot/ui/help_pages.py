"""The pages of `/help`, with a button for each."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.i18n.markdown import Markup, code
from bot.i18n.texts import Text, say
from bot.i18n.translator import called, key_of
from bot.messages import help_embeds
from bot.messages.help_embeds import CommandHelp
from bot.messages.specs import EmbedSpec
from bot.ui.dynamic_items import PersistentButton, view_of
from bot.ui.interactions import command_ids_of, services_of
from bot.ui.responses import Responder

SlashCommand = app_commands.Command[Any, ..., Any]


class TopicButton(PersistentButton, template=r"help:(?P<topic>start|commands|parameters|models)"):
    """Shows another page of the help."""

    async def act(self, interaction: discord.Interaction) -> None:
        await show_help(interaction, self.groups["topic"])


async def show_help(interaction: discord.Interaction, topic: str) -> None:
    """Show a page of the help, in place of the one before."""
    locale, responder = interaction.locale.value, Responder(interaction)
    embed = await responder.run(_page(interaction, topic), ephemeral=True, updates=True)
    here, elsewhere = discord.ButtonStyle.primary, discord.ButtonStyle.secondary
    topics: list[discord.ui.Button[Any]] = [
        discord.ui.Button(
            style=here if other == topic else elsewhere,
            label=say(Text(f"help.{other}"), locale),
            custom_id=f"help:{other}",
        )
        for other in help_embeds.TOPICS
    ]
    await responder.update_embed(embed, view_of(*topics))


async def _page(interaction: discord.Interaction, topic: str) -> EmbedSpec:
    locale = interaction.locale.value
    match topic:
        case "start":
            versions = await services_of(interaction).history.versions()
            model = versions.models[versions.default] if versions else None
            return help_embeds.start(_mentions(interaction), locale, model)
        case "parameters":
            return help_embeds.parameters(locale)
        case "models":
            return help_embeds.models(await services_of(interaction).history.versions(), locale)
    mentions = _mentions(interaction)
    slash = [
        CommandHelp(
            mentions[command.qualified_name],
            say(key_of(command), locale),
            command.qualified_name.startswith("server "),
        )
        for command in sorted(_commands(interaction), key=lambda one: one.qualified_name)
        if _may_use(interaction, command)
    ]
    menus = _tree_of(interaction).get_commands(type=discord.AppCommandType.message)
    names = [say(f"{key_of(menu)}.name", locale) for menu in menus]
    return help_embeds.commands(slash, names, locale)


def _may_use(interaction: discord.Interaction, command: SlashCommand) -> bool:
    """Whether this command is there for this member in this place.

    An admin may also open or close commands in the settings of a server, which bots cannot see.
    """
    root = command.root_parent or command
    if root.guild_only and interaction.guild_id is None:
        return False
    needed = root.default_permissions
    return (
        needed is None
        or interaction.permissions.administrator
        or needed <= (interaction.permissions)
    )


def _mentions(interaction: discord.Interaction) -> dict[str, Markup]:
    """Commands by their full names, as something to click on; as text while their ids are unknown,
    which Discord gives out when commands are synchronised."""
    ids, locale = command_ids_of(interaction), interaction.locale.value
    found = {}
    for command in _commands(interaction):
        name, root = command.qualified_name, command.root_parent or command
        known = root.name in ids
        text = f"</{name}:{ids[root.name]}>" if known else code(f"/{called(command, locale)}")
        found[name] = Markup(text)
    return found


def _commands(interaction: discord.Interaction) -> list[SlashCommand]:
    walked = _tree_of(interaction).walk_commands()
    return [command for command in walked if isinstance(command, app_commands.Command)]


def _tree_of(interaction: discord.Interaction) -> app_commands.CommandTree[Any]:
    assert isinstance(interaction.client, commands.AutoShardedBot), (
        "only a Bot has a tree of commands"
    )
    return interaction.client.tree

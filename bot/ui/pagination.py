"""What members leaf through: the topics of the help, the pages of their history, their jobs again.

As with all that can be pressed, a custom_id says everything, so that old ones work for ever.
"""

import json
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.i18n.markdown import visible
from bot.i18n.texts import Text, say
from bot.i18n.translator import called, key_of
from bot.messages import help_embeds, job_embeds
from bot.messages.help_embeds import CommandHelp
from bot.messages.job_embeds import HistoryPage
from bot.messages.specs import AttachmentSpec, EmbedSpec, MessageSpec
from bot.ui.dynamic_items import PersistentButton, PersistentSelect, view_of
from bot.ui.responses import redraw, run_in_time, show_message
from storage.jobs import Job
from storage.removals import Copy

if TYPE_CHECKING:
    from bot.client import DarkroomBot


class TopicButton(PersistentButton, template=r"help:(?P<topic>commands|parameters|models)"):
    """Turns to another topic of the help."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        await show_help(interaction, self.said["topic"])


class PageButton(PersistentButton, template=r"history:(?P<number>[0-9]{1,6}):(?P<query>.{0,60})"):
    """Turns to another page of a search."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        await show_page(interaction, self.said["query"], int(self.said["number"]))


class ShowAgainSelect(PersistentSelect, template="again"):
    """Posts one of the jobs of a page again."""

    async def act(self, interaction: discord.Interaction[Any]) -> None:
        (job_id,) = self.item.values
        history = interaction.client.history
        await show_again(interaction, history.find(interaction.user.id, job_id))


async def show_help(interaction: "discord.Interaction[DarkroomBot]", topic: str) -> None:
    """Answer with a topic of the help, or turn to it."""
    locale = interaction.locale.value
    embed = await run_in_time(interaction, _topic(interaction.client, topic, locale), hidden=True)
    here, elsewhere = discord.ButtonStyle.primary, discord.ButtonStyle.secondary
    topics: list[discord.ui.Button[Any]] = [
        discord.ui.Button(
            style=here if other == topic else elsewhere,
            label=say(Text(f"help.{other}"), locale),
            custom_id=f"help:{other}",
        )
        for other in help_embeds.TOPICS
    ]
    await redraw(interaction, embed, view_of(*topics))


async def _topic(client: "DarkroomBot", topic: str, locale: str) -> EmbedSpec:
    match topic:
        case "parameters":
            return help_embeds.parameters(locale)
        case "models":
            return help_embeds.models(await client.history.versions(), locale)
    slash = [
        CommandHelp(called(command, locale), say(key_of(command), locale))
        for command in client.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    ]
    menus = client.tree.get_commands(type=discord.AppCommandType.message)
    names = [say(f"{key_of(menu)}.name", locale) for menu in menus]
    return help_embeds.commands(sorted(slash, key=lambda one: one.name), names, locale)


async def show_page(
    interaction: "discord.Interaction[DarkroomBot]", query: str, number: int
) -> None:
    """Answer with a page of what a member made, or turn to it."""
    locale = interaction.locale.value
    work = interaction.client.history.search(interaction.user.id, query, number)
    page = await run_in_time(interaction, work, hidden=True)
    await redraw(interaction, job_embeds.history(page, locale), _turning(page, locale))


def _turning(page: HistoryPage, locale: str) -> discord.ui.View:
    """The menu of a page's jobs, and the buttons to the pages beside it."""
    shown: list[discord.ui.Item[Any]] = []
    if page.found.jobs:
        options = [
            discord.SelectOption(
                label=visible(job.prompt, 100) or "…", value=job.id, description=job.id[:8]
            )
            for job in page.found.jobs
        ]
        placeholder = say("history.again", locale)
        shown.append(discord.ui.Select(custom_id="again", options=options, placeholder=placeholder))
    for emoji, number in (("◀️", page.number - 1), ("▶️", page.number + 1)):
        if 0 <= number < page.pages:
            custom_id = f"history:{number}:{page.query}"
            shown.append(discord.ui.Button(emoji=emoji, custom_id=custom_id, row=1))
    return view_of(*shown)


async def show_again(
    interaction: "discord.Interaction[DarkroomBot]", found: Coroutine[Any, Any, Job]
) -> None:
    """Post a job again, for all to see unless it was made in stealth or taken away."""
    assert interaction.channel_id is not None, "commands and menus come from channels"
    client, channel_id = interaction.client, interaction.channel_id
    job = await run_in_time(interaction, found)
    work = client.removals.is_private(job, channel_id)
    hidden = await run_in_time(interaction, work, hidden=job.stealth)
    again = client.history.again(job, channel_id, interaction.filesize_limit)
    message = await run_in_time(interaction, again, hidden=hidden)
    message_id = await show_message(interaction, message, hidden=hidden)
    if interaction.guild_id is not None and not hidden:
        await client.removals.shown_again(job, Copy(channel_id, message_id))


async def show_details(interaction: "discord.Interaction[DarkroomBot]", job: Job) -> None:
    """Answer with a job's seed and parameters, and its whole request as a file."""
    locale = interaction.locale.value
    found = await run_in_time(interaction, interaction.client.history.details(job), hidden=True)
    embed = job_embeds.details(job, found.request, found.pictures, locale)
    whole = json.dumps(found.request.to_json(), indent=2, ensure_ascii=False).encode()
    file = AttachmentSpec(f"{job.id}.json", whole, say("details", locale))
    await show_message(interaction, MessageSpec("", file, (embed,)), hidden=True)

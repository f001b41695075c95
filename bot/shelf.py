"""What members leaf through: the topics of the help, the pages of their history, their jobs again.

As with all that can be pressed, a custom_id says everything, so that old ones work for ever.
"""

import json
import re
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import lookups, manual
from bot.answers import explain, in_time, redraw, show_message
from bot.lookups import Page
from bot.manual import CommandHelp
from bot.messages import Attachment, Card, Message
from bot.texts import Text, say
from bot.translation import called, key_of
from storage.jobs import Job

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


class TopicButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"help:(?P<topic>commands|parameters|models)",
):
    """Turns to another topic of the help."""

    def __init__(self, item: discord.ui.Button[Any], topic: str) -> None:
        super().__init__(item)
        self.topic = topic

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "TopicButton":
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["topic"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await show_help(interaction, self.topic)
        except Exception as error:
            await explain(interaction, error)


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"history:(?P<number>[0-9]{1,6}):(?P<query>.{0,60})",
):
    """Turns to another page of a search."""

    def __init__(self, item: discord.ui.Button[Any], number: int, query: str) -> None:
        super().__init__(item)
        self.number = number
        self.query = query

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PageButton":
        assert isinstance(item, discord.ui.Button)
        return cls(item, int(match["number"]), match["query"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await show_page(interaction, self.query, self.number)
        except Exception as error:
            await explain(interaction, error)


class AgainMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template="again"):
    """Posts one of the jobs of a page again."""

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "AgainMenu":
        assert isinstance(item, discord.ui.Select)
        return cls(item)

    async def callback(self, interaction: "discord.Interaction[Any]") -> None:
        try:
            (job_id,) = self.item.values
            archive = interaction.client.archive
            await show_again(interaction, await archive.find(interaction.user.id, job_id))
        except Exception as error:
            await explain(interaction, error)


async def show_help(interaction: "discord.Interaction[DarkroomBot]", topic: str) -> None:
    """Answer with a topic of the help, or turn to it."""
    locale = interaction.locale.value
    card = await in_time(interaction, _topic(interaction.client, topic, locale), hidden=True)
    shown = discord.ui.View(timeout=None)
    for other in manual.TOPICS:
        primary, secondary = discord.ButtonStyle.primary, discord.ButtonStyle.secondary
        shown.add_item(
            discord.ui.Button(
                style=primary if other == topic else secondary,
                label=say(Text(f"help.{other}"), locale),
                custom_id=f"help:{other}",
            )
        )
    shown.stop()
    await redraw(interaction, card, shown)


async def _topic(client: "DarkroomBot", topic: str, locale: str) -> Card:
    match topic:
        case "parameters":
            return manual.parameters(locale)
        case "models":
            return manual.models(await client.archive.versions(), locale)
    slash = [
        CommandHelp(called(command, locale), say(key_of(command), locale))
        for command in client.tree.walk_commands()
        if isinstance(command, app_commands.Command)
    ]
    menus = client.tree.get_commands(type=discord.AppCommandType.message)
    names = [say(f"{key_of(menu)}.name", locale) for menu in menus]
    return manual.commands(sorted(slash, key=lambda one: one.name), names, locale)


async def show_page(
    interaction: "discord.Interaction[DarkroomBot]", query: str, number: int
) -> None:
    """Answer with a page of what a member made, or turn to it."""
    locale = interaction.locale.value
    work = interaction.client.archive.search(interaction.user.id, query, number)
    page = await in_time(interaction, work, hidden=True)
    await redraw(interaction, lookups.history(page, locale), _turning(page, locale))


def _turning(page: Page, locale: str) -> discord.ui.View:
    """The menu of a page's jobs, and the buttons to the pages beside it."""
    shown = discord.ui.View(timeout=None)
    if page.found.jobs:
        options = [
            discord.SelectOption(label=job.prompt[:100], value=job.id, description=job.id[:8])
            for job in page.found.jobs
        ]
        placeholder = say("history.again", locale)
        shown.add_item(
            discord.ui.Select(custom_id="again", options=options, placeholder=placeholder)
        )
    for emoji, number in (("◀️", page.number - 1), ("▶️", page.number + 1)):
        if 0 <= number < page.pages:
            custom_id = f"history:{number}:{page.query}"
            shown.add_item(discord.ui.Button(emoji=emoji, custom_id=custom_id, row=1))
    shown.stop()
    return shown


async def show_again(interaction: "discord.Interaction[DarkroomBot]", job: Job) -> None:
    """Post a job again, for all to see unless it was made in stealth."""
    work = interaction.client.archive.again(job, interaction.filesize_limit)
    message = await in_time(interaction, work, hidden=job.stealth)
    await show_message(interaction, message, hidden=job.stealth)


async def show_details(interaction: "discord.Interaction[DarkroomBot]", job: Job) -> None:
    """Answer with a job's seed and parameters, and its whole request as a file."""
    locale = interaction.locale.value
    found = await in_time(interaction, interaction.client.archive.details(job), hidden=True)
    card = lookups.details(job, found.request, found.pictures, locale)
    whole = json.dumps(found.request.to_json(), indent=2, ensure_ascii=False).encode()
    file = Attachment(f"{job.id}.json", whole, say("details", locale))
    await show_message(interaction, Message("", file, (card,)), hidden=True)

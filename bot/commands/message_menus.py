"""The menu of a message: Cancel job, Send to me, Seed and parameters, Delete."""

import contextlib
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import cards
from bot.answers import in_time, show_card
from bot.errors import JobAlreadyEnded, NotYourPicture
from bot.shelf import show_details
from bot.texts import Text, say
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

if TYPE_CHECKING:
    from bot.bot import DarkroomBot


def message_menus() -> list[app_commands.ContextMenu]:
    """The commands in the menu of every message; those that show no job refuse."""
    named: tuple[tuple[str, Any], ...] = (
        (say("menu-cancel-job.name"), cancel),
        (say("menu-send-to-me.name"), send),
        (say("menu-seed-and-parameters.name"), tell),
        (say("menu-delete.name"), delete),
    )
    return [app_commands.ContextMenu(name=name, callback=callback) for name, callback in named]


async def cancel(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    async def find_and_cancel() -> None:
        job = await _job(interaction, message)
        may_moderate = interaction.permissions.manage_messages
        await interaction.client.studio.cancel(interaction.user.id, may_moderate, job.id)

    await in_time(interaction, find_and_cancel(), hidden=True)
    await show_card(interaction, cards.done(Text("done.cancelled"), interaction.locale.value))


async def send(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    async def find_and_send() -> None:
        job = await _job(interaction, message)
        locale = interaction.locale.value
        await interaction.client.archive.send(job, interaction.user.id, locale)

    await in_time(interaction, find_and_send(), hidden=True)
    await show_card(interaction, cards.done(Text("done.sent"), interaction.locale.value))


async def tell(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    job = await in_time(interaction, _job(interaction, message), hidden=True)
    await show_details(interaction, job)


async def delete(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    client, member_id = interaction.client, interaction.user.id
    may_moderate = interaction.permissions.manage_messages

    async def find_and_delete() -> Job:
        job = await _job(interaction, message)
        place = Copy(message.channel.id, message.id)
        own = job.member_id == member_id
        if job.state in UNFINISHED and (own or may_moderate):
            # It may end by itself in this very moment.
            with contextlib.suppress(JobAlreadyEnded):
                await client.studio.cancel(member_id, may_moderate, job.id)
        await client.removals.delete(job, member_id, place, may_moderate=may_moderate)
        return job

    job = await in_time(interaction, find_and_delete(), hidden=True)
    key = "done.deleted" if job.member_id == member_id else "done.taken-down"
    said = Text(key, {"id": job.id[:8]})
    await show_card(interaction, cards.done(said, interaction.locale.value))


async def _job(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> Job:
    """The job of a message. Raises NoJobHere, and NotYourPicture where it was made in stealth."""
    job = await interaction.client.archive.shown_by(message.id, custom_ids(message))
    if job.stealth and job.member_id != interaction.user.id:
        raise NotYourPicture
    return job


def custom_ids(message: discord.Message) -> list[str]:
    """What the buttons of a message carry."""
    rows = [row for row in message.components if isinstance(row, discord.ActionRow)]
    return [
        child.custom_id
        for row in rows
        for child in row.children
        if isinstance(child, discord.Button) and child.custom_id
    ]

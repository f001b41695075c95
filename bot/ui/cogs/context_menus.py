"""The menu of a message: Cancel job, Send to me, Seed and parameters, Delete."""

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot.errors import JobAlreadyEnded
from bot.i18n.texts import Text, say
from bot.messages import settings_embeds
from bot.policy.access import Action, Actor, may_cancel
from bot.ui.pagination import show_details
from bot.ui.responses import actor, custom_ids, run_in_time, show_embed
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

if TYPE_CHECKING:
    from bot.client import DarkroomBot


def context_menus() -> list[app_commands.ContextMenu]:
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
        job, who = await _found(interaction, message)
        await interaction.client.generation.cancel(who, job.id)

    await run_in_time(interaction, find_and_cancel(), hidden=True)
    await show_embed(
        interaction, settings_embeds.done(Text("done.cancelled"), interaction.locale.value)
    )


async def send(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    async def find_and_send() -> None:
        job = await _readable(interaction, message)
        locale = interaction.locale.value
        await interaction.client.history.send(job, interaction.user.id, locale)

    await run_in_time(interaction, find_and_send(), hidden=True)
    await show_embed(interaction, settings_embeds.done(Text("done.sent"), interaction.locale.value))


async def tell(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    job = await run_in_time(interaction, _readable(interaction, message), hidden=True)
    await show_details(interaction, job)


async def delete(interaction: "discord.Interaction[DarkroomBot]", message: discord.Message) -> None:
    client, member_id = interaction.client, interaction.user.id

    async def find_and_delete() -> Job:
        job, who = await _found(interaction, message)
        await client.generation.check(Action.DELETE, who, job)
        if job.state in UNFINISHED and may_cancel(who, job):
            # It may end by itself in this very moment.
            with contextlib.suppress(JobAlreadyEnded):
                await client.generation.cancel(who, job.id)
        place = Copy(message.channel.id, message.id)
        await client.removals.delete(job, member_id, place)
        return job

    job = await run_in_time(interaction, find_and_delete(), hidden=True)
    key = "done.deleted" if job.member_id == member_id else "done.taken-down"
    said = Text(key, {"id": job.id[:8]})
    await show_embed(interaction, settings_embeds.done(said, interaction.locale.value))


async def _readable(
    interaction: "discord.Interaction[DarkroomBot]", message: discord.Message
) -> Job:
    job, who = await _found(interaction, message)
    await interaction.client.generation.check(Action.READ, who, job)
    return job


async def _found(
    interaction: "discord.Interaction[DarkroomBot]", message: discord.Message
) -> tuple[Job, Actor]:
    """The job of a message, and who wants something of it there. Raises NoJobHere."""
    job = await interaction.client.history.shown_by(
        message.id, custom_ids(interaction.client, message)
    )
    who = actor(interaction, message)
    return job, replace(who, shown_jobs=who.shown_jobs | {job.id})

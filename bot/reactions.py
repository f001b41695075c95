"""Reactions to the messages of jobs: ✉️ sends the result, ❌ cancels or takes away, ⭐ shows it on.

There is nobody to answer: what cannot be done is left undone, and what went wrong is written down.
"""

import logging
from typing import TYPE_CHECKING

import discord

from bot.commands.message_menus import custom_ids
from bot.errors import NoJobHere, UserError
from storage.database import StorageUnavailable
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

if TYPE_CHECKING:
    from bot.bot import DarkroomBot

log = logging.getLogger(__name__)

LETTER, CROSS, STAR = "✉", "❌", "⭐"


async def react(bot: "DarkroomBot", reaction: discord.RawReactionActionEvent) -> None:
    """Do what a reaction asks for, if it asks for something and its member may."""
    # Some clients send the letter with the sign that makes it colourful, some without.
    emoji = (reaction.emoji.name or "").rstrip("\ufe0f")
    assert bot.user is not None, "events come after the login"
    ours = reaction.message_author_id == bot.user.id and reaction.user_id != bot.user.id
    if not ours or emoji not in (LETTER, CROSS, STAR):
        return
    try:
        job = await _job(bot, reaction)
        if job.stealth and job.member_id != reaction.user_id:
            return
        if emoji == LETTER:
            await bot.archive.send(job, reaction.user_id, job.locale)
        elif emoji == STAR:
            await bot.archive.highlight(job)
        elif job.state in UNFINISHED:
            await bot.studio.cancel(reaction.user_id, False, job.id)
        else:
            place = Copy(reaction.channel_id, reaction.message_id)
            await bot.removals.delete(job, reaction.user_id, place)
    except UserError as error:
        log.info("A reaction was left without effect: %s", error)
    except (discord.HTTPException, StorageUnavailable, OSError):
        log.warning("A reaction was left without effect.", exc_info=True)


async def _job(bot: "DarkroomBot", reaction: discord.RawReactionActionEvent) -> Job:
    """The job of the message, which has to be fetched where it shows a job once more."""
    try:
        return await bot.archive.shown_by(reaction.message_id, ())
    except NoJobHere:
        channel = bot.get_partial_messageable(reaction.channel_id)
        message = await channel.fetch_message(reaction.message_id)
        return await bot.archive.shown_by(message.id, custom_ids(message))

"""Reactions to the messages of jobs: ✉️ sends the result, ❌ cancels or takes away, ⭐ shows it on.

There is nobody to answer: what cannot be done is left undone, and what went wrong is written down.
"""

import logging
from typing import TYPE_CHECKING

import discord

from bot.errors import NoJobHere, UserError
from bot.policy.access import Action, Actor
from bot.ui.responses import custom_ids
from storage.database import StorageUnavailable
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

if TYPE_CHECKING:
    from bot.client import DarkroomBot

log = logging.getLogger(__name__)

ENVELOPE, CROSS, STAR = "✉", "❌", "⭐"


async def react(bot: "DarkroomBot", reaction: discord.RawReactionActionEvent) -> None:
    """Do what a reaction asks for, if it asks for something and its member may."""
    # Some clients send the letter with the sign that makes it colourful, some without.
    emoji = (reaction.emoji.name or "").rstrip("\ufe0f")
    assert bot.user is not None, "events come after the login"
    ours = reaction.message_author_id == bot.user.id and reaction.user_id != bot.user.id
    if not ours or emoji not in (ENVELOPE, CROSS, STAR):
        return
    try:
        bot.rate_limiter.count(reaction.user_id)
        job = await _job(bot, reaction)
        # A reaction does not say what its member may do in the channel.
        who = Actor(
            reaction.user_id, reaction.guild_id, reaction.channel_id, shown_jobs=frozenset({job.id})
        )
        if emoji == ENVELOPE:
            await bot.generation.check(Action.READ, who, job)
            await bot.history.send(job, reaction.user_id, job.locale)
        elif emoji == STAR:
            await bot.generation.check(Action.HIGHLIGHT, who, job)
            await bot.history.highlight(job)
        elif job.state in UNFINISHED:
            await bot.generation.cancel(who, job.id)
        else:
            await bot.generation.check(Action.DELETE, who, job)
            place = Copy(reaction.channel_id, reaction.message_id)
            await bot.removals.delete(job, reaction.user_id, place)
    except UserError as error:
        log.info("A reaction was left without effect: %s", error)
    except (discord.HTTPException, StorageUnavailable, OSError):
        log.warning("A reaction was left without effect.", exc_info=True)


async def _job(bot: "DarkroomBot", reaction: discord.RawReactionActionEvent) -> Job:
    """The job of the message, which has to be fetched where it shows a job once more."""
    try:
        return await bot.history.shown_by(reaction.message_id, ())
    except NoJobHere:
        channel = bot.get_partial_messageable(reaction.channel_id)
        message = await channel.fetch_message(reaction.message_id)
        return await bot.history.shown_by(message.id, custom_ids(bot, message))

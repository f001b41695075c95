"""Reactions to a job's message: ✉️ sends the result, ❌ cancels or deletes, ⭐ highlights.

A reaction cannot be answered, so errors are only logged.
"""

import logging

import discord

from bot.errors import NoJobHere, UserError
from bot.policy.access import Action, Actor
from bot.services.container import Services
from bot.ui.interactions import custom_ids_of
from storage.database import StorageUnavailable
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

log = logging.getLogger(__name__)

ENVELOPE, CROSS, STAR = "✉", "❌", "⭐"


async def react(
    client: discord.Client, services: Services, reaction: discord.RawReactionActionEvent
) -> None:
    """Handle a reaction to one of the bot's messages, if the member has permission."""
    # Some clients send the envelope with the selector of its colourful variant, some without.
    emoji = (reaction.emoji.name or "").rstrip("\ufe0f")
    assert client.user is not None, "events come after the login"
    is_to_bot = reaction.message_author_id == client.user.id
    if not is_to_bot or reaction.user_id == client.user.id or emoji not in (ENVELOPE, CROSS, STAR):
        return
    try:
        services.rate_limiter.count(reaction.user_id)
        job = await _job(client, services, reaction)
        # Discord does not send a reaction's permissions, so this actor never moderates.
        actor = Actor(
            reaction.user_id, reaction.guild_id, reaction.channel_id, shown_jobs=frozenset({job.id})
        )
        if emoji == ENVELOPE:
            await services.generation.check(Action.READ, actor, job)
            await services.history.send(job, reaction.user_id, job.locale)
        elif emoji == STAR:
            await services.generation.check(Action.HIGHLIGHT, actor, job)
            await services.history.highlight(job)
        elif job.state in UNFINISHED:
            await services.generation.cancel(actor, job.id)
        else:
            await services.generation.check(Action.DELETE, actor, job)
            place = Copy(reaction.channel_id, reaction.message_id)
            await services.removals.delete(job, reaction.user_id, place)
    except UserError as error:
        log.info("A reaction was ignored: %s", error)
    except (discord.HTTPException, StorageUnavailable, OSError):
        log.warning("A reaction was ignored.", exc_info=True)


async def _job(
    client: discord.Client, services: Services, reaction: discord.RawReactionActionEvent
) -> Job:
    """The job of a message. A message that shows a job again has to be fetched for that."""
    try:
        return await services.history.shown_by(reaction.message_id, ())
    except NoJobHere:
        channel = client.get_partial_messageable(reaction.channel_id)
        message = await channel.fetch_message(reaction.message_id)
        return await services.history.shown_by(message.id, custom_ids_of(client, message))

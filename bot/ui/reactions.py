"""Reactions to a job's message: ✉️ sends the result, ❌ cancels or deletes, ⭐ highlights."""

import logging
from collections import OrderedDict

import discord

from bot.delivery.messenger import TRANSIENT_ERRORS, CannotPost
from bot.errors import NoJobHere, TooFast, UserError
from bot.messages.job_messages import refusal
from bot.messages.specs import MessageSpec
from bot.policy.access import Action, Actor
from bot.services.container import Services
from bot.ui.interactions import custom_ids_of
from storage.database import StorageUnavailable
from storage.jobs import UNFINISHED, Job
from storage.removals import Copy

log = logging.getLogger(__name__)

ENVELOPE, CROSS, STAR = "✉", "❌", "⭐"

MAX_TOLD = 10_000
"""Refusals that are remembered as told; the oldest is forgotten first."""


class Reactions:
    """Handles reactions to the bot's messages.

    They cannot be answered, so a refusal goes to the member as a direct message. The same refusal
    is told to a member of a server only once, until the bot is started again: people also react
    without meaning the bot.
    """

    def __init__(self, client: discord.Client, services: Services) -> None:
        self._client = client
        self._services = services
        self._told: OrderedDict[tuple[int, int | None, str], None] = OrderedDict()
        """Who was told which refusal in which server; the latest is last."""

    async def handle(self, reaction: discord.RawReactionActionEvent) -> None:
        """Do what a reaction stands for, if the member has permission."""
        # Some clients send the envelope with the selector of its colourful variant, some without.
        emoji = (reaction.emoji.name or "").rstrip("\ufe0f")
        user = self._client.user
        assert user is not None, "events come after the login"
        is_to_bot = reaction.message_author_id == user.id
        if not is_to_bot or reaction.user_id == user.id or emoji not in (ENVELOPE, CROSS, STAR):
            return
        locale = "en"
        try:
            self._services.rate_limiter.count(reaction.user_id)
            job = await self._job(reaction)
            locale = job.locale
            await self._act(emoji, job, reaction)
        except TooFast as error:
            log.info("A reaction was ignored: %s", error)
        except UserError as error:
            await self._tell(reaction, error, locale)
        except (discord.HTTPException, StorageUnavailable, OSError):
            log.warning("A reaction was ignored.", exc_info=True)

    async def _act(self, emoji: str, job: Job, reaction: discord.RawReactionActionEvent) -> None:
        services = self._services
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

    async def _job(self, reaction: discord.RawReactionActionEvent) -> Job:
        """The job of a message. A message that shows a job again has to be fetched for that."""
        history = self._services.history
        try:
            return await history.shown_by(reaction.message_id, ())
        except NoJobHere:
            channel = self._client.get_partial_messageable(reaction.channel_id)
            message = await channel.fetch_message(reaction.message_id)
            return await history.shown_by(message.id, custom_ids_of(self._client, message))

    async def _tell(
        self, reaction: discord.RawReactionActionEvent, error: UserError, locale: str
    ) -> None:
        """Send a refusal to the member who reacted, unless they were told before."""
        key = (reaction.user_id, reaction.guild_id, str(error))
        if key in self._told:
            return
        self._told[key] = None
        if len(self._told) > MAX_TOLD:
            self._told.popitem(last=False)
        message = MessageSpec("", embeds=(refusal(error, locale),))
        try:
            await self._services.messenger.post_to_member(reaction.user_id, message)
        except (CannotPost, *TRANSIENT_ERRORS):
            log.info("A reaction was ignored, and its member cannot be told: %s", error)

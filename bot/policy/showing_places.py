"""Where Discord shows a channel: in which category, and to adults only or not."""

import asyncio
import logging

import aiohttp
import discord

from bot.policy.picture_policy import ShowingPlace
from storage.jobs import Job

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 3.0
"""Seconds that Discord has to say what a channel is."""

MAYBE_AGE_RESTRICTED = (discord.abc.GuildChannel, discord.Thread)


class ShowingPlaces:
    """Looks channels up. What cannot be looked up counts as open to everybody.

    `explicit_direct_messages` is whether the operator lets members see explicit pictures in their
    own direct messages with the bot.
    """

    def __init__(self, client: discord.Client, *, explicit_direct_messages: bool) -> None:
        self._client = client
        self._explicit_direct_messages = explicit_direct_messages

    async def of_job(self, job: Job) -> ShowingPlace:
        """The place of a job's own message."""
        if job.server_id is None:
            # A job with a token is in a place to which a member brought the bot: others read it.
            return self.direct_messages(job.channel_id, is_own=job.reply_token is None)
        return await self.of_channel(job.server_id, job.channel_id)

    async def of_channel(self, server_id: int, channel_id: int) -> ShowingPlace:
        """A channel or thread of a server, as it is now."""
        channel = self._client.get_channel(channel_id) or await self._fetched(channel_id)
        if not isinstance(channel, MAYBE_AGE_RESTRICTED):
            return ShowingPlace(server_id, channel_id)
        holder: object = channel
        if isinstance(channel, discord.Thread):
            # The channel of a thread is not in the cache where its server is another process's.
            holder = channel.parent or await self._fetched(channel.parent_id)
        return place_of_channel(server_id, channel, holder)

    def direct_messages(self, channel_id: int, *, is_own: bool = True) -> ShowingPlace:
        """A conversation without a server; `is_own` is whether only one member and the bot read."""
        for_adults = is_own and self._explicit_direct_messages
        return ShowingPlace(None, channel_id, for_adults=for_adults)

    async def _fetched(self, channel_id: int) -> object:
        """A channel that is not in the cache, such as an archived thread; None if it is unknown."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._client.fetch_channel(channel_id)
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("Channel %s cannot be looked up: %s", channel_id, error)
            return None


def place_of_channel(
    server_id: int,
    channel: discord.abc.GuildChannel | discord.Thread,
    holder: object = None,
) -> ShowingPlace:
    """What Discord says about a channel. `holder` is the channel of a thread, where it is known."""
    # A restriction of a forum or a channel holds in its threads; one whose channel is unknown is
    # taken as open to everybody.
    holder = holder or (channel.parent if isinstance(channel, discord.Thread) else channel)
    above = (
        channel.parent_id if isinstance(channel, discord.Thread) else None,
        getattr(holder, "category_id", None),
    )
    return ShowingPlace(
        server_id,
        channel.id,
        tuple(place for place in above if place is not None),
        for_adults=bool(getattr(holder, "nsfw", False)),
    )

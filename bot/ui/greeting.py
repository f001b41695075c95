"""What the bot says first on a server that it is added to, and that its pictures are made by AI.

Also what it says last on one where its operator does not let it work.
"""

import logging

import discord

from bot.i18n.texts import say
from bot.services.preferences import PreferenceService
from storage.database import StorageUnavailable

log = logging.getLogger(__name__)


async def greet(preferences: PreferenceService, guild: discord.Guild) -> None:
    """Say it in the channel for system messages, if the bot may write there, and only once."""
    channel = guild.system_channel
    if channel is None:
        return
    allowed = channel.permissions_for(guild.me)
    if not (allowed.view_channel and allowed.send_messages):
        return
    locale = guild.preferred_locale.value
    text = "\n".join([say("greeting", locale), say("by-ai", locale)])
    try:
        if await preferences.first_greeting(guild.id):
            await channel.send(text)
    except (discord.HTTPException, StorageUnavailable, OSError):
        log.warning("Server %s could not be greeted.", guild.id, exc_info=True)


async def take_leave(guild: discord.Guild) -> None:
    """Say why, where the bot may write, and leave the server."""
    log.info("Leaving server %s: it is not in DARKROOM_SERVERS.", guild.id)
    channels = [*filter(None, [guild.system_channel]), *guild.text_channels]
    allowed = ((channel, channel.permissions_for(guild.me)) for channel in channels)
    place = next((one for one, may in allowed if may.view_channel and may.send_messages), None)
    try:
        if place is not None:
            await place.send(say("leaving", guild.preferred_locale.value))
    except (discord.HTTPException, OSError):
        log.info("Server %s could not be told why.", guild.id)
    try:
        await guild.leave()
    except (discord.HTTPException, OSError):
        # Nothing works there meanwhile; it is tried again when the bot connects next.
        log.warning("Server %s could not be left.", guild.id, exc_info=True)

"""What the bot says first on a server that it is added to, and that its pictures are made by AI."""

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

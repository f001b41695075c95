"""What the bot does first on a server that it is added to: it says that it is there, and that its
pictures are made by AI; and it shows whoever added it the first steps.

Also what it says last on one where its operator does not let it work.
"""

import asyncio
import logging
from collections.abc import Mapping

import aiohttp
import discord

from bot.i18n.markdown import Markup
from bot.i18n.texts import say
from bot.services.container import Services
from bot.ui.dynamic_items import view_of
from bot.ui.server.setup_facts import shown
from bot.ui.server.setup_panel import open_button, panel
from storage.database import StorageUnavailable

log = logging.getLogger(__name__)

ANSWER_TIMEOUT_S = 10.0
"""Seconds that Discord has to say who added the bot."""

ENTRIES_READ = 10
"""Newest entries of the audit log about added bots; one of them is about this bot."""

FAILURES = (discord.HTTPException, aiohttp.ClientError, OSError)


async def greet(
    client: discord.Client,
    services: Services,
    guild: discord.Guild,
    command_ids: Mapping[str, int],
) -> None:
    """Greet a server, only once, in its channel for system messages and by direct message."""
    preferences = services.preferences
    try:
        if not await preferences.first_greeting(guild.id):
            return
        adder_id = await _who_added(guild)
        is_told = await _show_setup(client, services, guild, adder_id, command_ids)
        is_read = await _say_hello(guild, None if is_told else adder_id)
        if not is_told and not is_read:
            await preferences.forget_greeting(guild.id)
    except StorageUnavailable:
        log.warning("Server %s could not be greeted.", guild.id, exc_info=True)


async def _who_added(guild: discord.Guild) -> int | None:
    """The id of whoever added the bot, if it may know; else of the owner."""
    if guild.me.guild_permissions.view_audit_log:
        entries = guild.audit_logs(action=discord.AuditLogAction.bot_add, limit=ENTRIES_READ)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                async for entry in entries:
                    if getattr(entry.target, "id", None) == guild.me.id and entry.user_id:
                        return entry.user_id
        except FAILURES:
            log.info("Discord does not say who added the bot to server %s.", guild.id)
    return guild.owner_id


async def _show_setup(
    client: discord.Client,
    services: Services,
    guild: discord.Guild,
    adder_id: int | None,
    command_ids: Mapping[str, int],
) -> bool:
    """Show the first steps to whoever added the bot; False if they take no direct messages."""
    # Where direct messages are off, nothing in one could be pressed.
    if adder_id is None or not services.places.direct_messages:
        return False
    layout = panel(
        await shown(services, guild, command_ids, invites=True), guild.preferred_locale.value
    )
    try:
        conversation = await client.create_dm(discord.Object(adder_id))
        await conversation.send(view=layout)
    except FAILURES:
        log.info("Whoever added the bot to server %s takes no direct messages.", guild.id)
        return False
    return True


async def _say_hello(guild: discord.Guild, asked_id: int | None) -> bool:
    """Post the greeting; `asked_id` is who is told there of the first steps, if anybody."""
    channel = guild.system_channel
    if channel is None:
        return False
    allowed = channel.permissions_for(guild.me)
    if not (allowed.view_channel and allowed.send_messages):
        return False
    locale = guild.preferred_locale.value
    lines = [say("greeting", locale), say("by-ai", locale)]
    if asked_id is not None:
        lines.append(say("setup.asked", locale, member=Markup(f"<@{asked_id}>")))
    pinged = [] if asked_id is None else [discord.Object(asked_id)]
    try:
        await channel.send(
            "\n".join(lines),
            view=view_of(open_button(guild.id, locale)),
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=pinged),
        )
    except FAILURES:
        log.warning("Server %s could not be greeted.", guild.id, exc_info=True)
        return False
    return True


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

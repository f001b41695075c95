"""The bot's servers: their channels, members and roles, and lists of what they have none of.

Threads, pins, webhooks and sounds do not exist here, but libraries ask for them when they log in.
"""

from __future__ import annotations

from typing import Any

from playground.payloads.people import (
    channel_payload,
    guild_payload,
    member_payload,
    role_payload,
    user_payload,
)
from playground.rest.call import Call, snowflake
from playground.state import errors
from playground.state.errors import Complaint, DiscordError, InvalidForm
from playground.state.people import Guild, Permission, guild_permissions, may

MAX_MEMBERS_LISTED = 1000
MAX_GUILDS_LISTED = 200
BOT_ADD = 28
"""The type of an audit log's entry that says that a bot was added."""


def get_guild(call: Call) -> Any:
    return guild_payload(call.world, _guild(call))


def list_own_guilds(call: Call) -> Any:
    """In order of their ids, from `after` on, at most `limit` (200 unless asked for fewer)."""
    after = snowflake(call.query.get("after", 0), "after")
    limit = _limit(call, MAX_GUILDS_LISTED, MAX_GUILDS_LISTED)
    guilds = sorted(call.world.bot_guilds, key=lambda guild: guild.id)
    later = [guild for guild in guilds if guild.id > after]
    return [_own_guild(call, guild) for guild in later[:limit]]


def _own_guild(call: Call, guild: Guild) -> Any:
    bits = guild_permissions(guild, call.world.members[call.world.bot.id])
    count = len(call.world.members_of(guild))
    counts = {"approximate_member_count": count, "approximate_presence_count": count}
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(bits),
        "features": [],
        **(counts if call.query.get("with_counts", "").lower() in ("1", "true") else {}),
    }


def leave_guild(call: Call) -> Any:
    call.world.leave(_guild(call))


def list_channels(call: Call) -> Any:
    guild = _guild(call)
    return [
        channel_payload(call.world, channel)
        for channel in call.world.channels.values()
        if channel.guild_id == guild.id
    ]


def list_roles(call: Call) -> Any:
    return [role_payload(role) for role in _guild(call).roles]


def get_member(call: Call) -> Any:
    guild, user_id = _guild(call), call.id("user_id")
    call.world.user(user_id)
    if user_id not in guild.members:
        raise DiscordError(errors.UNKNOWN_MEMBER)
    return member_payload(call.world.members[user_id], guild)


def list_members(call: Call) -> Any:
    """In order of their ids, from `after` on, at most `limit` (1 unless asked for more)."""
    guild = _guild(call)
    after = snowflake(call.query.get("after", 0), "after")
    limit = _limit(call, 1, MAX_MEMBERS_LISTED)
    members = sorted(call.world.members_of(guild), key=lambda member: member.user.id)
    later = [member for member in members if member.user.id > after]
    return [member_payload(member, guild) for member in later[:limit]]


def _limit(call: Call, default: int, most: int) -> int:
    """How many of a list are wanted. Raises InvalidForm."""
    try:
        limit = int(call.query.get("limit", default))
    except ValueError:
        limit = 0
    if not 1 <= limit <= most:
        words = f"int value should be between 1 and {most}."
        raise InvalidForm([Complaint("limit", "NUMBER_TYPE_RANGE", words)])
    return limit


def get_audit_log(call: Call) -> Any:
    """Of all that is done to a server, only who added the bot is remembered."""
    guild, world = _guild(call), call.world
    bits = guild_permissions(guild, world.members[world.bot.id])
    if not may(bits, Permission.VIEW_AUDIT_LOG):
        raise DiscordError(errors.MISSING_PERMISSIONS)
    adder_id = world.bot_added_by if guild.id == world.guild.id else guild.owner_id
    entry = {
        "id": str(world.ids.next()),
        "action_type": BOT_ADD,
        "user_id": str(adder_id),
        "target_id": str(world.bot.id),
    }
    wanted = call.query.get("action_type", BOT_ADD)
    users = [user_payload(world.user(each)) for each in (adder_id, world.bot.id)]
    nothing: dict[str, list[Any]] = {
        name: []
        for name in (
            "application_commands",
            "auto_moderation_rules",
            "guild_scheduled_events",
            "integrations",
            "threads",
            "webhooks",
        )
    }
    return {
        **nothing,
        "audit_log_entries": [entry] if int(wanted) == BOT_ADD else [],
        "users": users,
    }


# ---------------------------------------------------------------------- what there is none of


def list_threads(call: Call) -> Any:
    _check_place(call)
    return {"threads": [], "members": [], "has_more": False}


def list_pins(call: Call) -> Any:
    _check_place(call)
    return {"items": [], "has_more": False}


def list_webhooks(call: Call) -> Any:
    _check_place(call)
    world = call.world
    if "channel_id" in call.path:
        call.channel(Permission.MANAGE_WEBHOOKS)
    elif not may(
        guild_permissions(_guild(call), world.members[world.bot.id]), Permission.MANAGE_WEBHOOKS
    ):
        raise DiscordError(errors.MISSING_PERMISSIONS)
    return []


def list_nothing(call: Call) -> Any:
    _check_place(call)
    return []


def list_no_items(call: Call) -> Any:
    _check_place(call)
    return {"items": []}


def list_sticker_packs(call: Call) -> Any:
    return {"sticker_packs": []}


def _check_place(call: Call) -> None:
    """Whatever the path names is there, and the bot may see it."""
    if "application_id" in call.path and call.id("application_id") != call.world.application_id:
        raise DiscordError(errors.UNKNOWN_APPLICATION)
    if "guild_id" in call.path:
        _guild(call)
    if "channel_id" in call.path:
        call.channel()


def _guild(call: Call) -> Guild:
    """The server that the path names, which the bot is on."""
    return call.world.bot_guild(call.id("guild_id"))

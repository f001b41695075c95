"""The bot's server: its channels, members and roles, and lists of what it has none of.

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
from playground.state.people import Permission, guild_permissions, may

MAX_MEMBERS_LISTED = 1000
BOT_ADD = 28
"""The type of an audit log's entry that says that a bot was added."""


def get_guild(call: Call) -> Any:
    _check_guild(call)
    return guild_payload(call.world)


def list_own_guilds(call: Call) -> Any:
    guild = call.world.guild
    is_there = call.world.bot.id in guild.members
    if not is_there or guild.id <= snowflake(call.query.get("after", 0), "after"):
        return []  # Libraries read on until there is no more.
    bits = guild_permissions(guild, call.world.members[call.world.bot.id])
    count = len(call.world.guild_members)
    counts = {"approximate_member_count": count, "approximate_presence_count": count}
    return [
        {
            "id": str(guild.id),
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(bits),
            "features": [],
            **(counts if call.query.get("with_counts", "").lower() in ("1", "true") else {}),
        }
    ]


def leave_guild(call: Call) -> Any:
    _check_guild(call)
    call.world.leave()


def list_channels(call: Call) -> Any:
    _check_guild(call)
    return [
        channel_payload(call.world, channel)
        for channel in call.world.channels.values()
        if channel.guild_id == call.world.guild.id
    ]


def list_roles(call: Call) -> Any:
    _check_guild(call)
    return [role_payload(role) for role in call.world.guild.roles]


def get_member(call: Call) -> Any:
    _check_guild(call)
    user_id = call.id("user_id")
    call.world.user(user_id)
    if user_id not in call.world.guild.members:
        raise DiscordError(errors.UNKNOWN_MEMBER)
    return member_payload(call.world.members[user_id])


def list_members(call: Call) -> Any:
    """In order of their ids, from `after` on, at most `limit` (1 unless asked for more)."""
    _check_guild(call)
    after = snowflake(call.query.get("after", 0), "after")
    try:
        limit = int(call.query.get("limit", 1))
    except ValueError:
        limit = 0
    if not 1 <= limit <= MAX_MEMBERS_LISTED:
        words = f"int value should be between 1 and {MAX_MEMBERS_LISTED}."
        raise InvalidForm([Complaint("limit", "NUMBER_TYPE_RANGE", words)])
    members = sorted(call.world.guild_members, key=lambda member: member.user.id)
    later = [member for member in members if member.user.id > after]
    return [member_payload(member) for member in later[:limit]]


def get_audit_log(call: Call) -> Any:
    """Of all that is done to a server, only who added the bot is remembered."""
    _check_guild(call)
    world = call.world
    bits = guild_permissions(world.guild, world.members[world.bot.id])
    if not may(bits, Permission.VIEW_AUDIT_LOG):
        raise DiscordError(errors.MISSING_PERMISSIONS)
    entry = {
        "id": str(world.ids.next()),
        "action_type": BOT_ADD,
        "user_id": str(world.bot_added_by),
        "target_id": str(world.bot.id),
    }
    wanted = call.query.get("action_type", BOT_ADD)
    users = [user_payload(world.user(each)) for each in (world.bot_added_by, world.bot.id)]
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
        guild_permissions(world.guild, world.members[world.bot.id]), Permission.MANAGE_WEBHOOKS
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
        _check_guild(call)
    if "channel_id" in call.path:
        call.channel()


def _check_guild(call: Call) -> None:
    guild = call.world.guild
    if call.id("guild_id") != guild.id or call.world.bot.id not in guild.members:
        raise DiscordError(errors.UNKNOWN_GUILD)

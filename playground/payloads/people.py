"""Discord's JSON for users, members, channels and the server. Pure: values in, dictionaries out."""

from __future__ import annotations

from typing import Any

from playground.state.people import Channel, ChannelKind, Guild, GuildMember, Role, User
from playground.state.snowflakes import time_of
from playground.state.world import World

Payload = dict[str, Any]

AVATAR = "darkroom"
LOCALE = "en-US"


def user_payload(user: User) -> Payload:
    payload = {
        "id": str(user.id),
        "username": user.username,
        "discriminator": "0000" if user.bot else "0",
        "global_name": None if user.bot else user.display_name,
        "avatar": AVATAR,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": None,
        "avatar_decoration_data": None,
    }
    return {**payload, "bot": True} if user.bot else payload


def member_payload(member: GuildMember, guild: Guild) -> Payload:
    """A member of a server, with the roles that they have there."""
    there = {role.id for role in guild.roles}
    return {
        "user": user_payload(member.user),
        "nick": member.user.display_name if member.user.bot else None,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in member.roles if role in there],
        "joined_at": member.joined.isoformat(),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def channel_payload(world: World, channel: Channel) -> Payload:
    shared = {"id": str(channel.id), "type": int(channel.kind), "flags": 0}
    if channel.people:
        others = [user for user in channel.people if user != world.bot.id]
        recipients = [user_payload(world.user(user)) for user in others]
        return {**shared, "recipients": recipients, "last_message_id": None}
    if channel.kind is ChannelKind.THREAD:
        return {**shared, **_thread_payload(world, channel)}
    return {
        **shared,
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "topic": channel.topic,
        "position": channel.position,
        "parent_id": None if channel.parent_id is None else str(channel.parent_id),
        "nsfw": channel.age_restricted,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "permission_overwrites": [
            {
                "id": str(overwrite.role_id),
                "type": 0,
                "allow": str(overwrite.allow),
                "deny": str(overwrite.deny),
            }
            for overwrite in channel.overwrites
        ],
    }


def _thread_payload(world: World, thread: Channel) -> Payload:
    guild = world.guild_of(thread)
    return {
        "guild_id": str(thread.guild_id),
        "name": thread.name,
        "parent_id": str(thread.parent_id),
        "owner_id": None if guild is None else str(guild.owner_id),
        "type": int(ChannelKind.THREAD),
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "message_count": 0,
        "total_message_sent": 0,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": time_of(thread.id).isoformat(),
            "locked": False,
        },
    }


def role_payload(role: Role) -> Payload:
    return {
        "id": str(role.id),
        "name": role.name,
        "description": None,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def guild_payload(world: World, guild: Guild) -> Payload:
    """A guild as REST answers it; GUILD_CREATE adds members and channels."""
    nothing: dict[str, None] = dict.fromkeys(
        (
            "icon",
            "splash",
            "discovery_splash",
            "banner",
            "description",
            "home_header",
            "application_id",
            "afk_channel_id",
            "widget_channel_id",
            "rules_channel_id",
            "public_updates_channel_id",
            "safety_alerts_channel_id",
            "vanity_url_code",
            "incidents_data",
            "max_presences",
        )
    )
    return {
        **nothing,
        "id": str(guild.id),
        "name": guild.name,
        "owner_id": str(guild.owner_id),
        "region": "local",
        "afk_timeout": 300,
        "widget_enabled": False,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw": False,
        "nsfw_level": 0,
        "system_channel_id": str(_first_channel(world, guild).id),
        "system_channel_flags": 0,
        "preferred_locale": LOCALE,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "premium_progress_bar_enabled": False,
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "features": [],
        "emojis": [],
        "stickers": [],
        "roles": [role_payload(role) for role in guild.roles],
    }


def _first_channel(world: World, guild: Guild) -> Channel:
    """Discord takes the first channel of a new server for system messages."""
    return next(each for each in world.channels.values() if each.guild_id == guild.id)


def guild_create_payload(world: World, guild: Guild) -> Payload:
    members = world.members_of(guild)
    return {
        **guild_payload(world, guild),
        "joined_at": world.members[world.bot.id].joined.isoformat(),
        "large": False,
        "unavailable": False,
        "member_count": len(members),
        "members": [member_payload(member, guild) for member in members],
        "channels": [
            channel_payload(world, channel)
            for channel in world.channels.values()
            if channel.guild_id == guild.id and channel.kind is not ChannelKind.THREAD
        ],
        "threads": [
            channel_payload(world, channel)
            for channel in world.channels.values()
            if channel.guild_id == guild.id and channel.kind is ChannelKind.THREAD
        ],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }

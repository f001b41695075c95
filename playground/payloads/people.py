"""Discord's JSON for users, members, channels and the server. Pure: values in, dictionaries out."""

from __future__ import annotations

from typing import Any

from playground.state.people import Channel, GuildMember, Role, User
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


def member_payload(member: GuildMember) -> Payload:
    return {
        "user": user_payload(member.user),
        "nick": member.user.display_name if member.user.bot else None,
        "avatar": None,
        "banner": None,
        "roles": [str(role) for role in member.roles],
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
    return {
        **shared,
        "guild_id": str(channel.guild_id),
        "name": channel.name,
        "topic": channel.topic,
        "position": channel.position,
        "parent_id": None,
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


def guild_payload(world: World) -> Payload:
    """The guild as REST answers it; GUILD_CREATE adds members and channels."""
    guild = world.guild
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
        "system_channel_id": str(_first_channel(world).id),
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


def _first_channel(world: World) -> Channel:
    """Discord takes the first channel of a new server for system messages."""
    return next(each for each in world.channels.values() if each.guild_id == world.guild.id)


def guild_create_payload(world: World) -> Payload:
    return {
        **guild_payload(world),
        "joined_at": world.members[world.bot.id].joined.isoformat(),
        "large": False,
        "unavailable": False,
        "member_count": len(world.guild_members),
        "members": [member_payload(member) for member in world.guild_members],
        "channels": [
            channel_payload(world, channel)
            for channel in world.channels.values()
            if channel.guild_id == world.guild.id
        ],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }

"""Discord's JSON for registered commands and for the interactions they lead to. Pure."""

from __future__ import annotations

from playground.interactions.command_options import TypedOptions
from playground.interactions.command_registry import Command, context_of
from playground.interactions.interactions import Interaction
from playground.payloads.messages import attachment_payload, message_payload
from playground.payloads.people import (
    LOCALE,
    Payload,
    channel_payload,
    member_payload,
    role_payload,
    user_payload,
)
from playground.state.messages import Json
from playground.state.people import GUEST_PERMISSIONS, Channel
from playground.state.world import World
from playground.validation.commands import CommandKind


def command_payload(world: World, command: Command) -> Payload:
    definition = command.definition
    payload: Payload = {
        "default_member_permissions": None,
        "name_localizations": None,
        "description": "",
        "description_localizations": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        **_without_nulls(definition),
        "id": str(command.id),
        "application_id": str(world.application_id),
        "version": str(command.version),
        "type": int(command.kind),
        "name": command.name,
    }
    if payload["default_member_permissions"] is not None:
        payload["default_member_permissions"] = str(payload["default_member_permissions"])
    if command.kind is not CommandKind.CHAT:
        payload.pop("options", None)
    return payload if command.guild_id is None else {**payload, "guild_id": str(command.guild_id)}


def _without_nulls(definition: Json) -> Payload:
    """What was left open, in the command and its options: libraries write it as null."""
    cleaned = {name: value for name, value in definition.items() if value is not None}
    if "options" in cleaned:
        cleaned["options"] = [_without_nulls(option) for option in cleaned["options"]]
    return cleaned


def interaction_payload(world: World, interaction: Interaction) -> Payload:
    """INTERACTION_CREATE as the bot receives it."""
    channel, user_id = interaction.channel, interaction.user_id
    member = world.members[user_id]
    guild = world.guild_of(channel)
    owners = interaction.cause.owners
    here = world.permissions(world.bot.id, channel) or int(GUEST_PERMISSIONS)
    payload: Payload = {
        "id": str(interaction.id),
        "application_id": str(world.application_id),
        "type": int(interaction.kind),
        "token": interaction.token,
        "version": 1,
        "data": dict(interaction.payload),
        "channel_id": str(channel.id),
        "channel": {
            **channel_payload(world, channel),
            "permissions": str(world.permissions(user_id, channel)),
        },
        "app_permissions": str(here),
        "locale": world.locales.get(user_id, LOCALE),
        "entitlements": [],
        "authorizing_integration_owners": dict(owners),
        "context": int(context_of(world, channel)),
        "attachment_size_limit": world.limits.attachment_size,
    }
    if guild is None:
        payload["user"] = user_payload(member.user)
    else:
        permissions = str(world.permissions(user_id, channel))
        payload["member"] = {**member_payload(member, guild), "permissions": permissions}
        payload["guild_id"] = str(guild.id)
        payload["guild_locale"] = LOCALE
        payload["guild"] = {"id": str(guild.id), "locale": LOCALE, "features": []}
    if interaction.source is not None:
        payload["message"] = message_payload(world, interaction.source, world.bot.id)
    return payload


def resolved_payload(world: World, channel: Channel, typed: TypedOptions) -> Payload:
    """The things that a command's options refer to."""
    resolved: Payload = {}
    if typed.files:
        resolved["attachments"] = {
            str(file.id): {**attachment_payload(world, channel.id, file), "ephemeral": True}
            for file in typed.files.values()
        }
    if typed.users:
        resolved |= resolved_users(world, channel, typed.users)
    if typed.channels:
        resolved["channels"] = {
            str(identity): {
                **channel_payload(world, world.channel(identity)),
                "permissions": str(world.permissions(world.bot.id, world.channel(identity))),
            }
            for identity in typed.channels
        }
    if typed.roles:
        resolved["roles"] = {
            str(identity): role_payload(world.guild.role(identity)) for identity in typed.roles
        }
    return resolved


def resolved_users(world: World, channel: Channel, users: set[int]) -> Payload:
    resolved: Payload = {"users": {str(user): user_payload(world.user(user)) for user in users}}
    guild = world.guild_of(channel)
    if guild is not None:
        members: Payload = {}
        for user in users:
            member = member_payload(world.members[user], guild)
            for name in ("user", "deaf", "mute"):
                del member[name]
            permissions = str(world.permissions(user, channel))
            members[str(user)] = {**member, "permissions": permissions}
        resolved["members"] = members
    return resolved

"""The gateway's events: their payloads, and which sessions get them. Only reads the world."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag
from typing import Any

from playground.interactions.interactions import Interaction
from playground.payloads.commands import interaction_payload
from playground.payloads.messages import message_payload
from playground.payloads.people import (
    Payload,
    channel_payload,
    guild_create_payload,
    member_payload,
    role_payload,
    user_payload,
)
from playground.state.changes import (
    AppInstall,
    BotJoin,
    BotLeave,
    Change,
    ChannelCreate,
    ChannelUpdate,
    MemberAdd,
    MemberRemove,
    MemberUpdate,
    MessageCreate,
    MessageDelete,
    MessageUpdate,
    ReactionChange,
    RoleCreate,
    TypingStart,
)
from playground.state.messages import Json
from playground.state.people import ChannelKind, Guild
from playground.state.snowflakes import shard_of
from playground.state.world import World


class Intent(IntFlag):
    NONE = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MODERATION = 1 << 2
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    GUILD_TYPING = 1 << 11
    DM_MESSAGES = 1 << 12
    DM_REACTIONS = 1 << 13
    DM_TYPING = 1 << 14
    MESSAGE_CONTENT = 1 << 15


IN_DM = {
    Intent.GUILD_MESSAGES: Intent.DM_MESSAGES,
    Intent.GUILD_REACTIONS: Intent.DM_REACTIONS,
    Intent.GUILD_TYPING: Intent.DM_TYPING,
}
CONTENT_FIELDS = ("embeds", "attachments", "components")
Event = tuple[str, Payload, Intent, int | None]


def events_of(world: World, change: Change) -> Iterator[Event]:
    """The gateway events of a change: name, payload, the intent needed, and the id of the server in
    which it happened, if any. There are none for channels that the bot is not in, nor for ephemeral
    messages, which only the interaction's token reaches."""
    first = world.guild
    match change:
        case AppInstall():
            return
        case ChannelUpdate(channel):
            body = channel_payload(world, channel)
            yield "CHANNEL_UPDATE", body, Intent.GUILDS, channel.guild_id
        case ChannelCreate(channel):
            is_thread = channel.kind is ChannelKind.THREAD
            name = "THREAD_CREATE" if is_thread else "CHANNEL_CREATE"
            body = channel_payload(world, channel)
            body = {**body, "newly_created": True} if is_thread else body
            yield name, body, Intent.GUILDS, channel.guild_id
        case RoleCreate(role):
            body = {"guild_id": str(first.id), "role": role_payload(role)}
            yield "GUILD_ROLE_CREATE", body, Intent.GUILDS, first.id
        case MemberAdd(member):
            body = {"guild_id": str(first.id), **member_payload(member, first)}
            yield "GUILD_MEMBER_ADD", body, Intent.GUILD_MEMBERS, first.id
        case MemberUpdate(member):
            body = {"guild_id": str(first.id), **member_payload(member, first)}
            yield "GUILD_MEMBER_UPDATE", body, Intent.GUILD_MEMBERS, first.id
        case MemberRemove(guild, user_id, banned):
            user = user_payload(world.members[user_id].user)
            removed = {"guild_id": str(guild.id), "user": user}
            if banned:
                yield "GUILD_BAN_ADD", removed, Intent.GUILD_MODERATION, guild.id
            yield "GUILD_MEMBER_REMOVE", removed, Intent.GUILD_MEMBERS, guild.id
        case BotLeave(guild):
            yield "GUILD_DELETE", {"id": str(guild.id)}, Intent.GUILDS, guild.id
        case BotJoin(guild):
            added = guild_create_payload(world, guild)
            # Only a server that was there before is said to be available again.
            del added["unavailable"]
            yield "GUILD_CREATE", added, Intent.GUILDS, guild.id
        case TypingStart(channel, user_id):
            body = {"channel_id": str(channel.id), "user_id": str(user_id), "timestamp": 0}
            needed = _needed(Intent.GUILD_TYPING, channel.guild_id)
            yield "TYPING_START", body, needed, channel.guild_id
        case (
            MessageCreate(message)
            | MessageUpdate(message)
            | MessageDelete(message)
            | ReactionChange(message)
        ):
            if message.visible_to is not None or not world.can_see(world.bot.id, message):
                return
            guild_id = world.channels[message.channel_id].guild_id
            name, body, intent = _about_message(world, change)
            if guild_id is not None:
                body["guild_id"] = str(guild_id)
            yield name, body, _needed(intent, guild_id), guild_id


def _about_message(
    world: World, change: MessageCreate | MessageUpdate | MessageDelete | ReactionChange
) -> tuple[str, Payload, Intent]:
    message = change.message
    guild = world.guild_of(world.channels[message.channel_id])
    place: Payload = {"channel_id": str(message.channel_id)}
    match change:
        case MessageDelete():
            return "MESSAGE_DELETE", {**place, "id": str(message.id)}, Intent.GUILD_MESSAGES
        case ReactionChange(_, emoji, user_id, added):
            body = {
                **place,
                "message_id": str(message.id),
                "user_id": str(user_id),
                "emoji": {"id": None, "name": emoji},
                "burst": False,
                "type": 0,
                "message_author_id": str(message.author_id),
            }
            if added and guild is not None:
                body["member"] = member_payload(world.members[user_id], guild)
            name = "MESSAGE_REACTION_ADD" if added else "MESSAGE_REACTION_REMOVE"
            return name, body, Intent.GUILD_REACTIONS
    body = message_payload(world, message, world.bot.id)
    if guild is not None:
        member = member_payload(world.members[message.author_id], guild)
        del member["user"]
        body["member"] = member
    name = "MESSAGE_CREATE" if isinstance(change, MessageCreate) else "MESSAGE_UPDATE"
    return name, body, Intent.GUILD_MESSAGES


def interaction_event(world: World, interaction: Interaction) -> Event:
    body = interaction_payload(world, interaction)
    return "INTERACTION_CREATE", body, Intent.NONE, interaction.channel.guild_id


def strip(world: World, event: str, payload: Json, intents: int, *, in_guild: bool) -> Json:
    """A message without its content, where the session lacks MESSAGE_CONTENT: in the server,
    written by somebody else, and not mentioning the bot."""
    if event not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or intents & Intent.MESSAGE_CONTENT:
        return payload
    bot_id = str(world.bot.id)
    mentioned = any(user["id"] == bot_id for user in payload["mentions"])
    if not in_guild or mentioned or payload["author"]["id"] == bot_id:
        return payload
    return {**payload, "content": "", **{name: [] for name in CONTENT_FIELDS}}


def guilds_of_shard(world: World, shard: tuple[int, int]) -> list[Guild]:
    """The servers of the bot whose events this shard gets."""
    number, count = shard
    return [guild for guild in world.bot_guilds if shard_of(guild.id, count) == number]


def ready_events(
    world: World, session_id: str, shard: tuple[int, int], url: str
) -> Iterator[tuple[str, Payload]]:
    """READY, then the guilds of this shard."""
    guilds = guilds_of_shard(world, shard)
    application = {"id": str(world.application_id), "flags": 0}
    yield (
        "READY",
        {
            "v": 10,
            "user": {**user_payload(world.bot), "verified": True, "mfa_enabled": False},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session_id,
            "resume_gateway_url": url,
            "shard": list(shard),
            "application": application,
            "private_channels": [],
            "session_type": "normal",
        },
    )
    for guild in guilds:
        yield "GUILD_CREATE", guild_create_payload(world, guild)


def members_chunk(world: World, payload: Any) -> Payload:
    """The answer to REQUEST_MEMBERS, in one piece: the servers are small."""
    guild = world.bot_guild(int(payload["guild_id"]))
    wanted = payload.get("user_ids")
    wanted = [wanted] if isinstance(wanted, str | int) else wanted
    query = str(payload.get("query") or "").lower()
    members = [
        member
        for member in world.members_of(guild)
        if (wanted is None or str(member.user.id) in map(str, wanted))
        and member.user.username.startswith(query)
    ]
    chunk: Payload = {
        "guild_id": str(guild.id),
        "members": [member_payload(member, guild) for member in members],
        "chunk_index": 0,
        "chunk_count": 1,
        "not_found": [],
    }
    return {**chunk, "nonce": payload["nonce"]} if payload.get("nonce") else chunk


def _needed(intent: Intent, guild_id: int | None) -> Intent:
    return IN_DM[intent] if guild_id is None else intent

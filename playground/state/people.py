"""Users, members, roles and channels, and permissions in them. Pure; knows no message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, IntFlag


class Permission(IntFlag):
    """The permission bits that something here asks for."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    USE_EXTERNAL_APPS = 1 << 50


EVERY_PERMISSION = (1 << 51) - 1
EVERYONE_PERMISSIONS = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_EXTERNAL_EMOJIS
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.USE_EXTERNAL_APPS
)
GUEST_PERMISSIONS = (
    Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.MENTION_EVERYONE
    | Permission.USE_EXTERNAL_EMOJIS
)
"""What an application's answers may do where only its user installed it."""


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    CATEGORY = 4
    THREAD = 11
    """A public one; a post in a forum is one too."""
    FORUM = 15


@dataclass(frozen=True, slots=True)
class User:
    id: int
    username: str
    display_name: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the server; the one with the server's own id is everybody's."""

    id: int
    name: str
    permissions: int
    position: int
    managed: bool = False


@dataclass(frozen=True, slots=True)
class GuildMember:
    user: User
    joined: datetime
    roles: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows or denies to one role."""

    role_id: int
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of a server, or (`people` set) a conversation between two users.

    `parent_id` is the category of a channel, or the channel of a thread.
    """

    id: int
    name: str
    kind: ChannelKind = ChannelKind.TEXT
    topic: str | None = None
    position: int = 0
    overwrites: tuple[Overwrite, ...] = ()
    guild_id: int | None = None
    people: tuple[int, ...] = ()
    age_restricted: bool = False
    """Shown to adults only; Discord calls it `nsfw`."""
    parent_id: int | None = None


@dataclass(frozen=True, slots=True)
class Guild:
    """A server; `members` are the ids of all who are there."""

    id: int
    name: str
    owner_id: int
    roles: tuple[Role, ...]
    members: frozenset[int]

    def role(self, identity: int) -> Role:
        return next(role for role in self.roles if role.id == identity)

    @property
    def bot_role(self) -> Role | None:
        """The role that the server gave to the bot, if it was ever there."""
        return next((role for role in self.roles if role.managed), None)


def guild_permissions(guild: Guild, member: GuildMember) -> int:
    """The permission bits of a user in a server, channels aside; none for strangers."""
    if member.user.id not in guild.members:
        return 0
    if member.user.id == guild.owner_id:
        return EVERY_PERMISSION
    bits = 0
    # On another server the roles of the bot's say nothing.
    for role in guild.roles:
        if role.id in (guild.id, *member.roles):
            bits |= role.permissions
    return EVERY_PERMISSION if bits & Permission.ADMINISTRATOR else bits


def permissions_in(guild: Guild | None, member: GuildMember, channel: Channel) -> int:
    """The permission bits of a user in a channel, as Discord computes them; none for strangers.

    `guild` is the channel's server, None for a conversation.
    """
    if guild is None:
        there = member.user.id in channel.people
        return int(EVERYONE_PERMISSIONS | Permission.MENTION_EVERYONE) if there else 0
    bits = guild_permissions(guild, member)
    if bits in (0, EVERY_PERMISSION):
        return bits
    for group in ((guild.id,), member.roles):
        chosen = [overwrite for overwrite in channel.overwrites if overwrite.role_id in group]
        for overwrite in chosen:
            bits &= ~overwrite.deny
        for overwrite in chosen:
            bits |= overwrite.allow
    return bits


def may(bits: int, needed: int) -> bool:
    """Whether every needed permission is among the bits."""
    return bits & needed == needed

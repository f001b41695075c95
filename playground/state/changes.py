"""What can happen in the world, named as Discord's gateway names its events."""

from __future__ import annotations

from dataclasses import dataclass

from playground.state.messages import StoredMessage
from playground.state.people import Channel, Guild, GuildMember, Role


@dataclass(frozen=True, slots=True)
class MessageCreate:
    message: StoredMessage


@dataclass(frozen=True, slots=True)
class MessageUpdate:
    message: StoredMessage


@dataclass(frozen=True, slots=True)
class MessageDelete:
    message: StoredMessage


@dataclass(frozen=True, slots=True)
class ReactionChange:
    """`added` is False when the reaction was taken back."""

    message: StoredMessage
    emoji: str
    user_id: int
    added: bool


@dataclass(frozen=True, slots=True)
class TypingStart:
    channel: Channel
    user_id: int


@dataclass(frozen=True, slots=True)
class ChannelUpdate:
    channel: Channel


@dataclass(frozen=True, slots=True)
class ChannelCreate:
    """A new channel, category or thread."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class AppInstall:
    """A user installed the application to their own account, or removed it."""

    user_id: int


@dataclass(frozen=True, slots=True)
class MemberAdd:
    """Somebody joined the bot's server."""

    member: GuildMember


@dataclass(frozen=True, slots=True)
class MemberRemove:
    """Somebody left a server of the bot, or was `banned` from it."""

    guild: Guild
    user_id: int
    banned: bool


@dataclass(frozen=True, slots=True)
class RoleCreate:
    """Somebody made a role on the bot's server."""

    role: Role


@dataclass(frozen=True, slots=True)
class MemberUpdate:
    """Somebody on the bot's server was given a role, or lost one."""

    member: GuildMember


@dataclass(frozen=True, slots=True)
class BotLeave:
    """The bot left a server."""

    guild: Guild


@dataclass(frozen=True, slots=True)
class BotJoin:
    """The bot was added to a server."""

    guild: Guild


Change = (
    MessageCreate
    | MessageUpdate
    | MessageDelete
    | ReactionChange
    | TypingStart
    | ChannelUpdate
    | ChannelCreate
    | RoleCreate
    | MemberUpdate
    | AppInstall
    | MemberAdd
    | MemberRemove
    | RoleCreate
    | MemberUpdate
    | BotLeave
    | BotJoin
)

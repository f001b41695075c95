"""The servers, people and channels that are there at the start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from playground.state.people import (
    EVERYONE_PERMISSIONS,
    Channel,
    ChannelKind,
    Guild,
    GuildMember,
    Overwrite,
    Permission,
    Role,
    User,
)
from playground.state.snowflakes import Snowflakes

PEOPLE = (("you", "you"), ("ada", "Ada"), ("ben", "Ben"))
"""Username and display name of each person; the first owns the bot's server, the last the other."""

BOT_PERMISSIONS = (
    EVERYONE_PERMISSIONS
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_WEBHOOKS
    | Permission.MENTION_EVERYONE
)
"""The bot may ping everyone, so that one which forgets `allowed_mentions` is found out."""


@dataclass(frozen=True, slots=True)
class DefaultGuilds:
    """`guild` is the bot's server, `elsewhere` the one without it; `members` include the bot."""

    bot: User
    guild: Guild
    elsewhere: Guild
    members: tuple[GuildMember, ...]
    channels: tuple[Channel, ...]


def build_guilds(ids: Snowflakes) -> DefaultGuilds:
    """Build both servers, with new ids."""
    now = datetime.now(UTC)
    guild_id, bot_role_id, elsewhere_id = (ids.next() for _ in range(3))
    people = tuple(GuildMember(User(ids.next(), *names), now) for names in PEOPLE)
    persons = tuple(member.user.id for member in people)
    bot = User(ids.next(), "Darkroom", "Darkroom", bot=True)
    everyone = int(EVERYONE_PERMISSIONS)
    guild = Guild(
        id=guild_id,
        name="Darkroom Playground",
        owner_id=persons[0],
        roles=(
            Role(guild_id, "@everyone", everyone, 0),
            bot_role(bot_role_id),
        ),
        members=frozenset((*persons, bot.id)),
    )
    elsewhere = Guild(
        id=elsewhere_id,
        name="Elsewhere",
        owner_id=persons[-1],
        roles=(Role(elsewhere_id, "@everyone", everyone, 0),),
        members=frozenset(persons),
    )
    no_posting = Overwrite(bot_role_id, deny=int(Permission.SEND_MESSAGES))
    no_apps = Overwrite(elsewhere_id, deny=int(Permission.USE_EXTERNAL_APPS))
    channels = (
        _channel(ids, guild, 0, "darkroom", "Type /imagine and watch a picture develop"),
        _channel(ids, guild, 1, "gallery", "Pictures worth keeping"),
        _channel(ids, guild, 2, "no-entry", "The bot may not post here", no_posting),
        _channel(
            ids,
            elsewhere,
            0,
            "elsewhere",
            "The bot is no member of this server, but works for people who added it",
        ),
        _channel(
            ids, elsewhere, 1, "no-apps", "Apps that people added answer only them here", no_apps
        ),
    )
    members = (*people, GuildMember(bot, now, (bot_role_id,)))
    return DefaultGuilds(bot, guild, elsewhere, members, channels)


def bot_role(identity: int) -> Role:
    """The role that the bot has on a server."""
    return Role(identity, "Darkroom", int(BOT_PERMISSIONS), 1, managed=True)


def _channel(
    ids: Snowflakes, guild: Guild, position: int, name: str, topic: str, *overwrites: Overwrite
) -> Channel:
    return Channel(
        ids.next(), name, ChannelKind.TEXT, topic, position, overwrites, guild_id=guild.id
    )

"""Where the bot can draw: its permissions in each channel of its servers, and its commands."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

import discord

from bot.doctor.check import Check, Installation, NotApplicable
from bot.doctor.discord_login import NoLogin
from bot.doctor.findings import Finding, Level
from bot.i18n.texts import Text, Value
from bot.invite import NEEDED_PERMISSIONS, REQUIRED_PERMISSIONS, invite_link
from storage import servers
from storage.database import Database, StorageUnavailable

MAX_SERVERS = 20
"""Servers that are looked at; of more, the rest is only counted."""

MAX_NAMED = 8
"""Channels that one finding names."""

DATABASE_TIMEOUT_S = 5.0
"""Seconds that the database has to say which channel is for highlights."""


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """A channel, and the permissions that the bot lacks there of those that are needed there."""

    id: int
    name: str
    missing: tuple[str, ...] = ()
    is_forum: bool = False

    @property
    def is_hidden(self) -> bool:
        return "view_channel" in self.missing

    @property
    def can_draw(self) -> bool:
        """Whether it can post pictures: in a forum there are only threads."""
        required = {*REQUIRED_PERMISSIONS, *(("send_messages_in_threads",) * self.is_forum)}
        return not required & {*self.missing}


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One server. `missing` are the permissions that the bot's roles lack everywhere.

    `has_commands` is whether it may have slash commands. `highlights` is the id of the channel for
    highlights, if one is set.
    """

    name: str
    channels: tuple[ChannelFacts, ...]
    missing: tuple[str, ...] = ()
    has_commands: bool = True
    highlights: int | None = None


@dataclass(frozen=True, slots=True)
class PlacesFacts:
    """The servers that were looked at, how many more there are, and the link to add the bot."""

    servers: tuple[ServerFacts, ...]
    more: int
    link: str


class ChannelsCheck(Check[PlacesFacts]):
    """Whether the bot has what it needs on its servers, and in which channels it can draw."""

    name = "channels"
    for_servers = True

    async def gather(self, installation: Installation) -> PlacesFacts:
        try:
            client = await installation.login.client()
        except NoLogin as error:
            raise NotApplicable from error
        application_id = client.application_id
        assert application_id is not None, "it is logged in"
        ids = [installation.server_id] if installation.server_id is not None else []
        if not ids:
            # One more, to know whether there are more.
            ids = [guild.id async for guild in client.fetch_guilds(limit=None, with_counts=False)]
        looked_at = ids[:MAX_SERVERS]
        found = await asyncio.gather(*(_server(client, installation, each) for each in looked_at))
        return PlacesFacts(tuple(found), len(ids) - len(looked_at), invite_link(application_id))

    def judge(self, facts: PlacesFacts) -> Iterable[Finding]:
        if not facts.servers:
            text, remedy = Text("doctor-channels.no-server"), Text("doctor-channels.invite-remedy")
            yield Finding(self.name, Level.WARNING, text, remedy, facts.link)
        for server in facts.servers:
            yield from self._of_server(server, facts.link)
        if facts.more:
            yield Finding(self.name, Level.OK, Text("doctor-channels.more", {"count": facts.more}))

    def _of_server(self, server: ServerFacts, link: str) -> Iterable[Finding]:
        visible = [one for one in server.channels if not one.is_hidden]
        drawable = [one for one in visible if one.can_draw]
        hidden = len(server.channels) - len(visible)
        if not server.has_commands:
            yield self._finding(Level.PROBLEM, "no-commands", "invite-remedy", server, link)
        if server.missing:
            names = permission_names(server.missing)
            yield self._finding(
                Level.WARNING if drawable else Level.PROBLEM,
                "role",
                "role-remedy",
                server,
                link,
                names=names,
            )
        if not drawable:
            yield self._finding(Level.PROBLEM, "nowhere", "nowhere-remedy", server)
        else:
            text = Text(
                "doctor-channels.drawable",
                {
                    "server": server.name,
                    "count": len(drawable),
                    "all": len(server.channels),
                    "hidden": hidden,
                },
            )
            yield Finding(self.name, Level.OK, text)
        # What the bot's roles lack everywhere is said once.
        yield from self.lacking_in(visible, server)
        highlights = {one.id: one for one in server.channels}.get(server.highlights or 0)
        if server.highlights is not None and (highlights is None or not highlights.can_draw):
            yield self._finding(Level.PROBLEM, "highlights", "highlights-remedy", server)

    def lacking_in(
        self, channels: Iterable[ChannelFacts], server: ServerFacts
    ) -> Iterable[Finding]:
        """What the bot lacks in these channels, besides what its roles lack everywhere. Pure."""
        for one_missing, lacking in _by_missing(channels, server.missing):
            yield self._finding(
                Level.WARNING,
                "lacking" if {*one_missing} & {*REQUIRED_PERMISSIONS} else "lacking-little",
                "lacking-remedy",
                server,
                channels=_channels(lacking),
                names=permission_names(one_missing),
            )

    def _finding(
        self,
        level: Level,
        key: str,
        remedy: str,
        server: ServerFacts,
        detail: str = "",
        **values: Value,
    ) -> Finding:
        said: dict[str, Value] = {"server": server.name, **values}
        text, remedy_text = Text(f"doctor-channels.{key}", said), Text(f"doctor-channels.{remedy}")
        return Finding(self.name, level, text, remedy_text, detail, by_admins=True)


async def _server(
    client: discord.Client, installation: Installation, server_id: int
) -> ServerFacts:
    """Fetched anew, so that it is as Discord sees it now."""
    assert client.user is not None
    assert client.application_id is not None
    guild = await client.fetch_guild(server_id, with_counts=False)
    channels = await guild.fetch_channels()
    me = await guild.fetch_member(client.user.id)
    try:
        await client.http.get_guild_commands(client.application_id, server_id)
        has_commands = True
    except discord.Forbidden:
        has_commands = False
    highlights = await _highlights(installation.database, server_id)
    facts = facts_of(guild.name, channels, me)
    return replace(facts, has_commands=has_commands, highlights=highlights)


def facts_of(
    name: str, channels: Iterable[discord.abc.GuildChannel], me: discord.Member
) -> ServerFacts:
    """What the bot may do on a server and in these channels of it."""
    everywhere = me.guild_permissions
    return ServerFacts(
        name,
        tuple(
            ChannelFacts(one.id, one.name, _missing(one, me), isinstance(one, discord.ForumChannel))
            for one in channels
            if not isinstance(one, discord.CategoryChannel)
        ),
        tuple(name for name in NEEDED_PERMISSIONS if not getattr(everywhere, name)),
    )


async def _highlights(database: Database | None, server_id: int) -> int | None:
    """The channel for highlights; None too if the database, which is checked apart, is away."""
    if database is None:
        return None
    try:
        async with asyncio.timeout(DATABASE_TIMEOUT_S):
            return (await servers.get_settings(database, server_id)).highlights_channel
    except (TimeoutError, StorageUnavailable):
        return None


def _missing(channel: discord.abc.GuildChannel, me: discord.Member) -> tuple[str, ...]:
    """What the bot lacks in a channel; only the first where Discord takes the others with it."""
    permissions = channel.permissions_for(me)
    missing = [name for name in NEEDED_PERMISSIONS if not getattr(permissions, name)]
    if isinstance(channel, discord.ForumChannel) and "send_messages" in missing:
        missing.remove("send_messages")  # there are only threads
    for first in ("view_channel", "send_messages"):
        if first in missing:
            return (first,)
    return tuple(missing)


def _by_missing(
    channels: Iterable[ChannelFacts], everywhere: Iterable[str]
) -> Iterable[tuple[tuple[str, ...], list[ChannelFacts]]]:
    """Channels grouped by what they lack, without what is lacking everywhere."""
    groups: dict[tuple[str, ...], list[ChannelFacts]] = {}
    for one in channels:
        own = tuple(name for name in one.missing if name not in set(everywhere))
        if own:
            groups.setdefault(own, []).append(one)
    return groups.items()


def _channels(channels: list[ChannelFacts]) -> Text:
    named = ", ".join(f"#{one.name}" for one in channels[:MAX_NAMED])
    more = len(channels) - MAX_NAMED
    if more <= 0:
        return Text("doctor-channels.named", {"names": named})
    return Text("doctor-channels.named-more", {"names": named, "more": more})


def permission_names(names: Iterable[str]) -> str:
    """As Discord's own settings call them."""
    return ", ".join(name.replace("_", " ").title().replace(" In ", " in ") for name in names)

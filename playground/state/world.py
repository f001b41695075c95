"""The state of the stand-in: servers, their people, channels and messages, in memory.

The listeners are called with every change: the gateway (for bots) and the feed (for members). The
world knows neither of them, nor HTTP. What Discord would refuse raises `DiscordError`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations

from playground.state import errors
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
from playground.state.default_guilds import bot_role, build_guilds
from playground.state.errors import DiscordError
from playground.state.limits import Limits
from playground.state.mentions import DEFAULT_ANSWER, DEFAULT_MESSAGE, find_pings
from playground.state.messages import (
    Cause,
    MessageDraft,
    MessageKind,
    StoredFile,
    StoredMessage,
)
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
    may,
    permissions_in,
)
from playground.state.snowflakes import Snowflakes


class World:
    """The bot's servers, another one without it, their people, and everything they wrote.

    `guild` is the first of the bot's servers; tests may add others. Ids are integers here.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.ids = Snowflakes()
        self.base_url = ""
        self.listeners: list[Callable[[Change], None]] = []
        self.members: dict[int, GuildMember] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, StoredMessage] = {}
        self.uploads: dict[int, StoredFile] = {}
        self.application_flags = 0
        self.installed_by: set[int] = set()
        """The users who added the application to their own account."""
        self.locales: dict[int, str] = {}
        """The language of each user's client, as last sent."""
        # A client that still shows the old version of a message may be loading its files.
        self._replaced: deque[StoredFile] = deque(maxlen=50)
        initial = build_guilds(self.ids)
        self.bot = initial.bot
        self.guild = initial.guild
        self.bot_added_by = initial.guild.owner_id
        """Who added the bot to its first server."""
        self.guilds = {guild.id: guild for guild in (initial.guild, initial.elsewhere)}
        self.members.update({member.user.id: member for member in initial.members})
        self.channels.update({channel.id: channel for channel in initial.channels})
        for pair in combinations([member.user.id for member in self.people], 2):
            self._conversation_of(pair)

    # ------------------------------------------------------------------ lookups

    @property
    def application_id(self) -> int:
        """The application shares its bot's id, as newer ones at Discord do."""
        return self.bot.id

    @property
    def people(self) -> list[GuildMember]:
        """The members who are persons."""
        return [member for member in self.members.values() if not member.user.bot]

    @property
    def bot_guilds(self) -> list[Guild]:
        """The servers that the bot is on now."""
        return [guild for guild in self.guilds.values() if self.bot.id in guild.members]

    def members_of(self, guild: Guild) -> list[GuildMember]:
        """Who is a member of a server now, the bot included where it is."""
        return [each for each in self.members.values() if each.user.id in guild.members]

    def has_bot(self, guild_id: int | None) -> bool:
        """Whether the bot is on this server; False without one."""
        return guild_id is not None and any(each.id == guild_id for each in self.bot_guilds)

    def bot_guild(self, identity: int) -> Guild:
        """A server that the bot is on."""
        guild = self.guilds.get(identity)
        if guild is None or self.bot.id not in guild.members:
            raise DiscordError(errors.UNKNOWN_GUILD)
        return guild

    def find_guild(self, name: str) -> Guild:
        """A server by its name. Raises DiscordError if there is none."""
        for guild in self.guilds.values():
            if guild.name == name:
                return guild
        raise DiscordError(errors.UNKNOWN_GUILD)

    def user(self, identity: int) -> User:
        if identity not in self.members:
            raise DiscordError(errors.UNKNOWN_USER)
        return self.members[identity].user

    def find_person(self, name: str) -> GuildMember:
        """A member by display name, username or id. Raises DiscordError if there is none."""
        for member in self.people:
            if name in (member.user.display_name, member.user.username, str(member.user.id)):
                return member
        raise DiscordError(errors.UNKNOWN_MEMBER)

    def channel(self, identity: int) -> Channel:
        if identity not in self.channels:
            raise DiscordError(errors.UNKNOWN_CHANNEL)
        return self.channels[identity]

    def find_channel(self, name: str, user_id: int) -> Channel:
        """A channel by name or id, as this member sees it.

        `dm` is their conversation with the bot, `@Ben` the one with Ben.
        """
        if name == "dm":
            return self.conversation_with(user_id)
        if name.startswith("@"):
            return self._conversation_of((user_id, self.find_person(name[1:]).user.id))
        for channel in self.channels.values():
            if name in (channel.name, str(channel.id)) and self.can_view(user_id, channel):
                return channel
        raise DiscordError(errors.UNKNOWN_CHANNEL)

    def conversation_with(self, user_id: int) -> Channel:
        """The bot's conversation with this user, created when first needed."""
        if self.user(user_id).bot:
            raise DiscordError(errors.CANNOT_MESSAGE_USER)
        return self._conversation_of((user_id, self.bot.id))

    def _conversation_of(self, people: tuple[int, int]) -> Channel:
        """The conversation of two users, created when first needed."""
        for channel in self.channels.values():
            if channel.people and {*channel.people} == {*people}:
                return channel
        channel = Channel(self.ids.next(), "", ChannelKind.DM, people=people)
        self.channels[channel.id] = channel
        return channel

    def guild_of(self, channel: Channel) -> Guild | None:
        """The server of a channel; None for a conversation."""
        return None if channel.guild_id is None else self.guilds[channel.guild_id]

    def permissions(self, user_id: int, channel: Channel) -> int:
        if channel.kind is ChannelKind.THREAD and channel.parent_id is not None:
            channel = self.channels[channel.parent_id]
        return permissions_in(self.guild_of(channel), self.members[user_id], channel)

    def can_view(self, user_id: int, channel: Channel) -> bool:
        """Whether this user sees the channel at all."""
        return may(self.permissions(user_id, channel), Permission.VIEW_CHANNEL)

    def can_see(self, user_id: int, message: StoredMessage) -> bool:
        if message.visible_to not in (None, user_id):
            return False
        return self.can_view(user_id, self.channels[message.channel_id])

    def message(self, channel_id: int, message_id: int) -> StoredMessage:
        message = self.messages.get(message_id)
        if message is None or message.channel_id != channel_id:
            raise DiscordError(errors.UNKNOWN_MESSAGE)
        return message

    def with_nonce(self, author_id: int, nonce: str) -> StoredMessage | None:
        """A message that this user posted with this nonce in the past few minutes."""
        since = datetime.now(UTC) - timedelta(seconds=self.limits.nonce_lifetime)
        for message in reversed(self.messages.values()):
            if message.created < since:
                break
            if message.author_id == author_id and message.nonce == nonce:
                return message
        return None

    def history(self, channel_id: int, viewer_id: int) -> list[StoredMessage]:
        """The messages of a channel that this user sees, oldest first."""
        return [
            message
            for message in self.messages.values()
            if message.channel_id == channel_id and self.can_see(viewer_id, message)
        ]

    def file(self, file_id: int) -> StoredFile | None:
        """A file of a message, one that a member gave to a command, or one replaced lately."""
        posted = (file for message in self.messages.values() for file in message.files)
        files = chain(self.uploads.values(), posted, self._replaced)
        return next((file for file in files if file.id == file_id), None)

    # ------------------------------------------------------------------ changes

    def post(
        self,
        channel: Channel,
        author_id: int,
        draft: MessageDraft,
        *,
        kind: MessageKind = MessageKind.PLAIN,
        cause: Cause | None = None,
        visible_to: int | None = None,
    ) -> StoredMessage:
        """Add a message; the draft has passed the checks."""
        message = StoredMessage(
            id=self.ids.next(),
            channel_id=channel.id,
            author_id=author_id,
            created=datetime.now(UTC),
            kind=kind,
            cause=cause,
            visible_to=visible_to,
            reference_id=draft.reference_id,
            nonce=draft.nonce,
        )
        message = self._with(message, draft)
        self.messages[message.id] = message
        self._tell(MessageCreate(message))
        return message

    def edit(
        self, message: StoredMessage, draft: MessageDraft, *, touch: bool = True
    ) -> StoredMessage:
        """Change a message in place; `touch` marks it as edited."""
        edited = self._with(message, draft)
        if touch:
            edited = replace(edited, edited=datetime.now(UTC))
        self.messages[message.id] = edited
        self._tell(MessageUpdate(edited))
        return edited

    def count_old_edit(self, message: StoredMessage) -> StoredMessage:
        """Count an edit of a message older than an hour; 30046 when there were too many."""
        age = datetime.now(UTC) - message.created
        if age.total_seconds() < self.limits.old_message_age:
            return message
        if message.edits_when_old >= self.limits.old_message_edits:
            raise DiscordError(errors.TOO_MANY_OLD_EDITS)
        return replace(message, edits_when_old=message.edits_when_old + 1)

    def delete(self, message: StoredMessage) -> None:
        self._replaced.extend(message.files)
        del self.messages[message.id]
        self._tell(MessageDelete(message))

    def react(self, message: StoredMessage, emoji: str, user_id: int) -> None:
        """Add a reaction; a second one by the same user changes nothing."""
        self._react(message, message.with_reaction(emoji, user_id), emoji, user_id, added=True)

    def unreact(self, message: StoredMessage, emoji: str, user_id: int) -> None:
        """Take a reaction back; one that is not there changes nothing."""
        self._react(message, message.without_reaction(emoji, user_id), emoji, user_id, added=False)

    def type_in(self, channel: Channel, user_id: int) -> None:
        self._tell(TypingStart(channel, user_id))

    def deny_bot(self, channel: Channel, denied: Permission | None) -> None:
        """Deny the bot's role a permission in a channel, or nothing."""
        guild = self.guild_of(channel)
        role = guild.bot_role if guild is not None else None
        assert role is not None, "the bot is on this server"
        deny = () if denied is None else (Overwrite(role.id, deny=int(denied)),)
        changed = replace(channel, overwrites=deny)
        self.channels[channel.id] = changed
        self._tell(ChannelUpdate(changed))

    def restrict_age(self, channel: Channel, restricted: bool) -> None:
        """Let a channel be shown to adults only, or to everybody."""
        changed = replace(channel, age_restricted=restricted)
        self.channels[channel.id] = changed
        self._tell(ChannelUpdate(changed))

    def add_guild(self, name: str, channel: str, shard: tuple[int, int]) -> Guild:
        """Add a server with everybody and the bot, and a channel; its events go to this shard."""
        guild_id = self.ids.next_on_shard(*shard)
        everyone = Role(guild_id, "@everyone", int(EVERYONE_PERMISSIONS), 0)
        own = bot_role(self.ids.next())
        guild = Guild(guild_id, name, self.guild.owner_id, (everyone, own), frozenset(self.members))
        first = Channel(self.ids.next(), channel, ChannelKind.TEXT, guild_id=guild.id)
        bot = self.members[self.bot.id]
        self.members[self.bot.id] = replace(bot, roles=(*bot.roles, own.id))
        self.channels[first.id] = first
        self._change_guild(guild)
        self._tell(BotJoin(guild))
        return guild

    def add_channel(
        self, name: str, kind: ChannelKind = ChannelKind.TEXT, parent_id: int | None = None
    ) -> Channel:
        """Add a channel to the bot's first server, or to that of the category that it is in, or of
        the channel whose thread it is."""
        guild_id = self.guild.id if parent_id is None else self.channels[parent_id].guild_id
        channel = Channel(self.ids.next(), name, kind, guild_id=guild_id, parent_id=parent_id)
        self.channels[channel.id] = channel
        self._tell(ChannelCreate(channel))
        return channel

    def move_channel(self, channel: Channel, category_id: int | None) -> None:
        """Put a channel into a category, or take it out of all."""
        changed = replace(channel, parent_id=category_id)
        self.channels[channel.id] = changed
        self._tell(ChannelUpdate(changed))

    def add_role(self, name: str, permissions: int = 0) -> Role:
        """Add a role to the bot's server, above all others."""
        position = 1 + max(role.position for role in self.guild.roles)
        role = Role(self.ids.next(), name, permissions, position)
        self._change_guild(replace(self.guild, roles=(*self.guild.roles, role)))
        self._tell(RoleCreate(role))
        return role

    def set_roles(self, user_id: int, roles: tuple[int, ...]) -> None:
        """Give somebody these roles, and take all others."""
        changed = replace(self.members[user_id], roles=tuple(dict.fromkeys(roles)))
        self.members[user_id] = changed
        self._tell(MemberUpdate(changed))

    def find_role(self, name: str) -> Role:
        """A role of the bot's server by name or id. Raises DiscordError if there is none."""
        for role in self.guild.roles:
            if name in (role.name, str(role.id)):
                return role
        raise DiscordError(errors.UNKNOWN_ROLE)

    def add_member(self, name: str) -> GuildMember:
        """Have a new person join the bot's server. `name` is their display name."""
        user = User(self.ids.next(), name.lower(), name)
        member = self.members[user.id] = GuildMember(user, datetime.now(UTC))
        self._change_guild(replace(self.guild, members=self.guild.members | {user.id}))
        self._tell(MemberAdd(member))
        return member

    def remove_member(self, guild: Guild, user_id: int, *, banned: bool) -> None:
        """Take somebody out of a server; they stay a user, and in other servers."""
        changed = replace(guild, members=guild.members - {user_id})
        self._change_guild(changed)
        self._tell(MemberRemove(changed, user_id, banned))

    def role_named(self, name: str, permissions: int = 0) -> Role:
        """The role of the bot's server with this name, or a new one with these permissions."""
        for role in self.guild.roles:
            if role.name == name:
                return role
        return self.add_role(name, permissions)

    def give_role(self, user_id: int, role: Role) -> None:
        """Give somebody on the bot's server a role."""
        self.set_roles(user_id, (*self.members[user_id].roles, role.id))

    def take_role(self, user_id: int, role: Role) -> None:
        """Take a role from somebody on the bot's server."""
        kept = (one for one in self.members[user_id].roles if one != role.id)
        self.set_roles(user_id, tuple(kept))

    def leave(self, guild: Guild) -> None:
        """Take the bot out of a server."""
        self._tell(BotLeave(guild))
        self._change_guild(replace(guild, members=guild.members - {self.bot.id}))

    def join(self) -> None:
        """Put the bot into its first server, if it is not there."""
        self._change_guild(replace(self.guild, members=self.guild.members | {self.bot.id}))
        self._tell(BotJoin(self.guild))

    def install(self, user_id: int, installed: bool) -> None:
        """Add the application to this user's account, or take it away."""
        if installed:
            self.installed_by.add(user_id)
        else:
            self.installed_by.discard(user_id)
        self._tell(AppInstall(user_id))

    def _change_guild(self, changed: Guild) -> None:
        self.guilds[changed.id] = changed
        if changed.id == self.guild.id:
            self.guild = changed

    def _react(
        self,
        before: StoredMessage,
        after: StoredMessage,
        emoji: str,
        user_id: int,
        *,
        added: bool,
    ) -> None:
        if after != before:
            self.messages[after.id] = after
            self._tell(ReactionChange(after, emoji, user_id, added))

    def _with(self, message: StoredMessage, draft: MessageDraft) -> StoredMessage:
        """The message with the given parts of the draft in place."""
        changed = message.with_draft(draft)
        self._replaced.extend(file for file in message.files if file not in changed.files)
        return changed if draft.content is None else self._with_mentions(changed, draft)

    def _with_mentions(self, message: StoredMessage, draft: MessageDraft) -> StoredMessage:
        """Set whom the content pings, within its `allowed_mentions`."""
        channel = self.channels[message.channel_id]
        bits = self.permissions(message.author_id, channel)
        may_ping_all = may(bits, Permission.MENTION_EVERYONE)
        # An answer to an interaction pings everyone only where it says so.
        default = DEFAULT_ANSWER if message.cause else DEFAULT_MESSAGE
        allowed = default if draft.pings is None else draft.pings
        pinged = find_pings(message.content, allowed)
        users = tuple(user for user in pinged.users if user in self.members)
        everyone = pinged.everyone and may_ping_all
        return replace(message, mentions=users, mentions_everyone=everyone)

    def _tell(self, change: Change) -> None:
        for listener in self.listeners:
            listener(change)

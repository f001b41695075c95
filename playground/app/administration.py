"""What an owner of the bot's server does there, for tests: roles, categories and threads."""

from __future__ import annotations

from dataclasses import dataclass

from playground.state.people import Channel, ChannelKind, Permission
from playground.state.snowflakes import shard_of
from playground.state.world import World

NO_PERMISSION = Permission(0)


@dataclass(frozen=True, slots=True)
class Administration:
    """Used by tests through `Playground.administration`. Everything is named, or given by id."""

    _world: World

    def set_address(self, url: str) -> None:
        """Tell bots this address from now on, such as that of a proxy before the playground."""
        self._world.base_url = url

    def add_member(self, name: str) -> int:
        """Have a new person join the server; returns their id."""
        return self._world.add_member(name).user.id

    def add_role(self, name: str, permissions: Permission = NO_PERMISSION) -> int:
        """Add a role above all others; returns its id."""
        return self._world.add_role(name, int(permissions)).id

    def give_role(self, member: str, role: str) -> None:
        person = self._world.find_person(member)
        self._world.give_role(person.user.id, self._world.find_role(role))

    def give_bot_role(self, role: str) -> None:
        self._world.give_role(self._world.bot.id, self._world.find_role(role))

    def take_role(self, member: str, role: str) -> None:
        person = self._world.find_person(member)
        self._world.take_role(person.user.id, self._world.find_role(role))

    def add_server(self, name: str, channel: str, shard: tuple[int, int] = (0, 1)) -> int:
        """Add another server with everybody and the bot on it, and this channel; returns its id.

        Its events go to this shard, such as `(1, 2)`: the second of two.
        """
        return self._world.add_guild(name, channel, shard).id

    def shard_of_server(self, count: int) -> int:
        """Which of so many shards gets the events of the bot's first server."""
        return shard_of(self._world.guild.id, count)

    def add_channel(self, name: str) -> int:
        return self._world.add_channel(name).id

    def add_category(self, name: str, *channels: str) -> int:
        """Add a category, and move these channels into it; returns its id."""
        category = self._world.add_channel(name, ChannelKind.CATEGORY)
        for each in channels:
            self._world.move_channel(self._channel(each), category.id)
        return category.id

    def add_forum(self, name: str) -> int:
        return self._world.add_channel(name, ChannelKind.FORUM).id

    def add_thread(self, name: str, channel: str) -> int:
        """Begin a thread in a channel, or a post in a forum; returns its id."""
        parent = self._channel(channel)
        return self._world.add_channel(name, ChannelKind.THREAD, parent.id).id

    @property
    def server_id(self) -> int:
        return self._world.guild.id

    def channel_id(self, name: str) -> int:
        return self._channel(name).id

    def member_id(self, name: str) -> int:
        return self._world.find_person(name).user.id

    def _channel(self, name: str) -> Channel:
        return next(
            each
            for each in self._world.channels.values()
            if each.name == name and self._world.has_bot(each.guild_id)
        )

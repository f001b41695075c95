"""The application's registered commands, and who may use them where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from playground.state import errors
from playground.state.errors import DiscordError
from playground.state.limits import Limits
from playground.state.messages import Json
from playground.state.people import Channel, GuildMember, Permission, may
from playground.state.world import World
from playground.validation.commands import CommandKind, check_commands


class Context(IntEnum):
    """Where a command is used."""

    GUILD = 0
    BOT_DM = 1
    PRIVATE_CHANNEL = 2


class Installation(IntEnum):
    """To whom an application was added."""

    GUILD = 0
    USER = 1


def context_of(world: World, channel: Channel) -> Context:
    if channel.guild_id is not None:
        return Context.GUILD
    return Context.BOT_DM if world.bot.id in channel.people else Context.PRIVATE_CHANNEL


@dataclass(frozen=True, slots=True)
class Command:
    """A registered command; `guild_id` is None for a global one."""

    id: int
    version: int
    guild_id: int | None
    kind: CommandKind
    name: str
    definition: Json


class CommandRegistry:
    """Registered commands by scope. `version` grows with every change, and listeners are called."""

    def __init__(self, world: World, limits: Limits) -> None:
        self.version = 0
        self.listeners: list[Callable[[], None]] = []
        self._world = world
        self._limits = limits
        self._scopes: dict[int | None, dict[int, Command]] = {None: {}, world.guild.id: {}}

    def all(self, guild_id: int | None) -> list[Command]:
        return list(self._scope(guild_id).values())

    def get(self, guild_id: int | None, command_id: int) -> Command:
        command = self._scope(guild_id).get(command_id)
        if command is None:
            raise DiscordError(errors.UNKNOWN_COMMAND)
        return command

    def replace_all(self, guild_id: int | None, bodies: Any) -> list[Command]:
        """Make these the scope's only commands; those of the same name keep their ids."""
        check_commands(bodies, self._limits)
        before = {(command.kind, command.name): command for command in self.all(guild_id)}
        commands = [self._made(guild_id, body, before) for body in bodies]
        self._scopes[guild_id] = {command.id: command for command in commands}
        self._changed()
        return commands

    def put(self, guild_id: int | None, body: Any) -> Command:
        """Add a command, or replace the one of the same kind and name."""
        check_commands([body], self._limits)
        before = {(command.kind, command.name): command for command in self.all(guild_id)}
        command = self._made(guild_id, body, before)
        others = [c.definition for c in self.all(guild_id) if c.id != command.id]
        check_commands([*others, body], self._limits)
        self._scope(guild_id)[command.id] = command
        self._changed()
        return command

    def change(self, guild_id: int | None, command_id: int, body: Any) -> Command:
        """Change some fields of a command."""
        command = self.get(guild_id, command_id)
        changed = {**command.definition, **body}
        check_commands([changed], self._limits)
        made = Command(
            command_id, self._world.ids.next(), guild_id, command.kind, changed["name"], changed
        )
        self._scope(guild_id)[command_id] = made
        self._changed()
        return made

    def remove(self, guild_id: int | None, command_id: int) -> None:
        self.get(guild_id, command_id)
        del self._scope(guild_id)[command_id]
        self._changed()

    def usable(self, member: GuildMember, channel: Channel) -> list[Command]:
        """The commands this member is offered in this channel; the server's hide global ones."""
        offered: dict[tuple[CommandKind, str], Command] = {}
        own = self._scopes.get(channel.guild_id, {}) if channel.guild_id is not None else {}
        for command in (*self.all(None), *own.values()):
            if self._offered(command, member, channel):
                offered[command.kind, command.name] = command
        return sorted(offered.values(), key=lambda command: (command.kind, command.name))

    def owners(self, command: Command, user_id: int, channel: Channel) -> dict[str, str]:
        """For whom the application is there when this command is used there, by `Installation`.

        Discord's `authorizing_integration_owners`: the channel's server (or 0, in a conversation
        with the bot) and the user, each where they added the application. Empty where nobody did.
        """
        world, owners = self._world, {}
        kinds = command.definition.get("integration_types") or (Installation.GUILD,)
        if Installation.GUILD in kinds and world.bot.id in channel.people:
            owners[str(int(Installation.GUILD))] = "0"
        if Installation.GUILD in kinds and world.has_bot(channel.guild_id):
            owners[str(int(Installation.GUILD))] = str(channel.guild_id)
        if Installation.USER in kinds and user_id in world.installed_by:
            owners[str(int(Installation.USER))] = str(user_id)
        return owners

    def _offered(self, command: Command, member: GuildMember, channel: Channel) -> bool:
        definition = command.definition
        context = context_of(self._world, channel)
        contexts: Sequence[int] | None = definition.get("contexts")
        if contexts is not None and context not in contexts:
            return False
        if not self.owners(command, member.user.id, channel):
            return False
        if command.guild_id not in (None, channel.guild_id):
            return False
        if context is not Context.GUILD:
            return definition.get("dm_permission") is not False
        bits = self._world.permissions(member.user.id, channel)
        if not may(bits, Permission.USE_APPLICATION_COMMANDS) or definition.get("nsfw"):
            return False
        needed = definition.get("default_member_permissions")
        if needed is None or bits & Permission.ADMINISTRATOR:
            return True
        return int(needed) != 0 and may(bits, int(needed))

    def _made(
        self,
        guild_id: int | None,
        body: Json,
        before: Mapping[tuple[CommandKind, str], Command],
    ) -> Command:
        kind = CommandKind(body.get("type", CommandKind.CHAT))
        known = before.get((kind, body["name"]))
        identity = known.id if known else self._world.ids.next()
        return Command(identity, self._world.ids.next(), guild_id, kind, body["name"], body)

    def _scope(self, guild_id: int | None) -> dict[int, Command]:
        if self._world.has_bot(guild_id):
            self._scopes.setdefault(guild_id, {})
        if guild_id not in self._scopes:
            raise DiscordError(errors.MISSING_ACCESS)
        return self._scopes[guild_id]

    def _changed(self) -> None:
        self.version += 1
        for listener in self.listeners:
            listener()

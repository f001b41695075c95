"""Slash commands, autocompletes and context menus, turned into interactions."""

from __future__ import annotations

from typing import Any

from playground.app.standin import StandIn
from playground.interactions.command_options import Lookup, fill_options
from playground.interactions.command_registry import Command
from playground.interactions.interactions import Interaction, InteractionKind
from playground.members.places import channel_of, message_of
from playground.payloads.commands import resolved_payload, resolved_users
from playground.payloads.messages import message_payload
from playground.state.errors import DiscordError, Refusal
from playground.state.messages import Json, StoredFile
from playground.state.people import Channel, GuildMember
from playground.validation.commands import CommandKind


def use_command(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    return _typed_command(standin, member, action, InteractionKind.COMMAND, None)


def autocomplete(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    focused = action["focused"]
    return _typed_command(standin, member, action, InteractionKind.AUTOCOMPLETE, focused)


def _typed_command(
    standin: StandIn, member: GuildMember, action: Json, kind: InteractionKind, focused: str | None
) -> Interaction:
    channel = channel_of(standin, member, action)
    name, *path = action["command"].split()
    command = _command(standin, member, channel, CommandKind.CHAT, name)
    lookup = _lookup(standin, member)
    typed = fill_options(command, path, action.get("options") or {}, lookup, focused)
    payload = _command_payload(command)
    payload["options"] = typed.options
    resolved = resolved_payload(standin.world, channel, typed)
    if resolved:
        payload["resolved"] = resolved
    return standin.interactions.ask(
        kind,
        member.user.id,
        channel,
        payload,
        standin.commands.owners(command, member.user.id, channel),
        name=action["command"],
        nonce=action.get("nonce"),
    )


def use_message_menu(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    channel = channel_of(standin, member, action)
    message = message_of(standin, member, channel, action)
    shown = message_payload(standin.world, message, standin.world.bot.id)
    resolved: Json = {"messages": {str(message.id): shown}}
    return _use_menu(standin, member, action, CommandKind.MESSAGE, message.id, resolved)


def use_user_menu(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    channel = channel_of(standin, member, action)
    target_id = _lookup(standin, member).user(action["target"])
    resolved = resolved_users(standin.world, channel, {target_id})
    return _use_menu(standin, member, action, CommandKind.USER, target_id, resolved)


def _use_menu(
    standin: StandIn,
    member: GuildMember,
    action: Json,
    kind: CommandKind,
    target_id: int,
    resolved: Json,
) -> Interaction:
    channel = channel_of(standin, member, action)
    command = _command(standin, member, channel, kind, action["command"])
    payload = _command_payload(command)
    payload["target_id"] = str(target_id)
    payload["resolved"] = resolved
    return standin.interactions.ask(
        InteractionKind.COMMAND,
        member.user.id,
        channel,
        payload,
        standin.commands.owners(command, member.user.id, channel),
        name=command.name,
        target_id=target_id,
        nonce=action.get("nonce"),
    )


def _command(
    standin: StandIn, member: GuildMember, channel: Channel, kind: CommandKind, name: str
) -> Command:
    for command in standin.commands.usable(member, channel):
        if command.kind is kind and command.name == name:
            return command
    raise Refusal(f"{member.user.display_name} has no command {name!r} here.")


def _command_payload(command: Command) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "id": str(command.id),
        "name": command.name,
        "type": int(command.kind),
    }
    return payload if command.guild_id is None else {**payload, "guild_id": str(command.guild_id)}


def _lookup(standin: StandIn, member: GuildMember) -> Lookup:
    """Finds files, users, channels and roles as this member names them."""

    def file(text: str) -> StoredFile:
        upload = standin.world.uploads.get(int(text)) if text.isdigit() else None
        if upload is None:
            raise Refusal("That file was not uploaded.")
        return upload

    def user(text: str) -> int:
        for each in standin.world.members.values():
            if text in (each.user.display_name, each.user.username, str(each.user.id)):
                return each.user.id
        raise Refusal(f"There is no member {text!r}.")

    def channel(text: str) -> int:
        try:
            return standin.world.find_channel(text, member.user.id).id
        except DiscordError:
            raise Refusal(f"There is no channel {text!r}.") from None

    def role(text: str) -> int:
        for each in standin.world.guild.roles:
            if text in (each.name, str(each.id)):
                return each.id
        raise Refusal(f"There is no role {text!r}.")

    return Lookup(file, user, channel, role)

"""What a member does, turned into interactions: commands, buttons, menus, dialogs.

Does what Discord's client does before the bot hears anything, and refuses what it would refuse
(`Refusal`). An act is the JSON described in docs/playground.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from playground.app.standin import StandIn
from playground.interactions.command_options import Lookup, TypedOptions, fill_options
from playground.interactions.command_registry import Command, Installation
from playground.interactions.interactions import Interaction, InteractionKind, Reply
from playground.interactions.modal_values import fill_row, option_value
from playground.payloads.commands import resolved_payload, resolved_users
from playground.payloads.messages import message_payload
from playground.payloads.people import LOCALE
from playground.state.errors import DiscordError, Refusal
from playground.state.messages import Cause, Json, StoredFile, StoredMessage
from playground.state.people import Channel, GuildMember
from playground.validation.commands import CommandKind
from playground.validation.components import SELECTS, Kind

NO_RESPONSE = "The application did not respond"


async def perform(standin: StandIn, member: GuildMember, act: Json) -> dict[str, Any]:
    """Do it, wait for the bot's first response, and say what the member sees of it."""
    begin = ACTIONS.get(act.get("type", ""))
    if begin is None:
        raise Refusal(f"There is no act {act.get('type')!r}; there are {', '.join(ACTIONS)}.")
    standin.world.locales[member.user.id] = str(act.get("locale") or LOCALE)
    try:
        interaction = begin(standin, member, act)
    except KeyError as missing:
        raise Refusal(f"The act lacks {missing}.") from None
    return _describe(standin, member, interaction, await interaction.reply)


def _describe(
    standin: StandIn, member: GuildMember, interaction: Interaction, reply: Reply
) -> dict[str, Any]:
    answer: dict[str, Any] = {"answer": reply.kind, "interaction_id": str(interaction.id)}
    if reply.kind == "none":
        answer["text"] = NO_RESPONSE
    if reply.message is not None:
        answer["message"] = message_payload(standin.world, reply.message, member.user.id)
    if reply.modal is not None:
        answer["modal"] = reply.modal
    if reply.kind == "choices":
        answer["choices"] = list(reply.choices)
    return answer


# ---------------------------------------------------------------------- commands


def _use_command(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    return _typed_command(standin, member, act, InteractionKind.COMMAND, None)


def _autocomplete(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    focused = act["focused"]
    return _typed_command(standin, member, act, InteractionKind.AUTOCOMPLETE, focused)


def _typed_command(
    standin: StandIn, member: GuildMember, act: Json, kind: InteractionKind, focused: str | None
) -> Interaction:
    channel = _channel(standin, member, act)
    name, *path = act["command"].split()
    command = _command(standin, member, channel, CommandKind.CHAT, name)
    lookup = _lookup(standin, member)
    typed = fill_options(command, path, act.get("options") or {}, lookup, focused)
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
        name=act["command"],
        nonce=act.get("nonce"),
    )


def _use_message_menu(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    channel = _channel(standin, member, act)
    message = _message(standin, member, channel, act)
    command = _command(standin, member, channel, CommandKind.MESSAGE, act["command"])
    shown = message_payload(standin.world, message, standin.world.bot.id)
    payload = _command_payload(command)
    payload["target_id"] = str(message.id)
    payload["resolved"] = {"messages": {str(message.id): shown}}
    return standin.interactions.ask(
        InteractionKind.COMMAND,
        member.user.id,
        channel,
        payload,
        standin.commands.owners(command, member.user.id, channel),
        name=command.name,
        target_id=message.id,
        nonce=act.get("nonce"),
    )


def _use_user_menu(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    channel = _channel(standin, member, act)
    target_id = _lookup(standin, member).user(act["target"])
    command = _command(standin, member, channel, CommandKind.USER, act["command"])
    payload = _command_payload(command)
    payload["target_id"] = str(target_id)
    payload["resolved"] = resolved_users(standin.world, channel, {target_id})
    return standin.interactions.ask(
        InteractionKind.COMMAND,
        member.user.id,
        channel,
        payload,
        standin.commands.owners(command, member.user.id, channel),
        name=command.name,
        target_id=target_id,
        nonce=act.get("nonce"),
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
    """How this member's words become files, users and channels."""

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
            return standin.world.channel_called(text, member.user.id).id
        except DiscordError:
            raise Refusal(f"There is no channel {text!r}.") from None

    return Lookup(file, user, channel)


# ---------------------------------------------------------------------- components


def _use_component(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    channel = _channel(standin, member, act)
    message = _message(standin, member, channel, act)
    component = next(
        (c for c in _walk(message.components) if c.get("custom_id") == act["custom_id"]), None
    )
    if component is None:
        raise Refusal("That message has no such button or menu.")
    if component.get("disabled"):
        raise Refusal("That button or menu is disabled.")
    payload = _component_payload(standin, channel, component, act.get("values"))
    return standin.interactions.ask(
        InteractionKind.COMPONENT,
        member.user.id,
        channel,
        payload,
        # Whoever presses: the application is there for those whom it answered.
        message.cause.owners if message.cause else _owners_of_bot(channel),
        source=message,
        nonce=act.get("nonce"),
    )


def _component_payload(
    standin: StandIn, channel: Channel, component: Json, values: list[str] | None
) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component["id"],
    }
    if component["type"] not in SELECTS:
        return payload
    chosen = values or []
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if not least <= len(chosen) <= most:
        raise Refusal(f"Choose {least} to {most}.")
    if component["type"] == Kind.STRING_SELECT:
        return {**payload, "values": [option_value(component, text) for text in chosen]}
    if component["type"] == Kind.CHANNEL_SELECT:
        channels = {
            c.id for c in standin.world.channels.values() if {str(c.id), c.name} & {*chosen}
        }
        resolved = resolved_payload(standin.world, channel, TypedOptions([], channels=channels))
        return {**payload, "values": [str(each) for each in channels], "resolved": resolved}
    users = {
        each.user.id
        for each in standin.world.members.values()
        if {str(each.user.id), each.user.display_name} & {*chosen}
    }
    resolved = resolved_users(standin.world, channel, users)
    return {**payload, "values": [str(each) for each in users], "resolved": resolved}


def _walk(components: Any) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _walk(component.get("components", ()))
        if "accessory" in component:
            yield component["accessory"]


def _owners_of_bot(channel: Channel) -> dict[str, str]:
    """For whom the application is there under what its bot posted by itself."""
    return {str(int(Installation.GUILD)): str(channel.guild_id or 0)}


# ---------------------------------------------------------------------- dialogs


def _submit_modal(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    opened = standin.interactions.opened(int(act["interaction"]))
    if opened.user_id != member.user.id or opened.modal is None:
        raise Refusal("That dialog is not open.")
    values = dict(act.get("values") or {})
    rows = [fill_row(row, values) for row in opened.modal["components"]]
    if values:
        raise Refusal(f"The dialog has no field {', '.join(values)}.")
    payload = {"custom_id": opened.modal["custom_id"], "components": rows}
    return standin.interactions.ask(
        InteractionKind.MODAL,
        member.user.id,
        opened.channel,
        payload,
        opened.cause.owners,
        source=opened.source,
        trigger=opened.cause,
        nonce=act.get("nonce"),
    )


# ---------------------------------------------------------------------- forgeries


def _forge(standin: StandIn, member: GuildMember, act: Json) -> Interaction:
    """What a modified client sends: a custom_id under a message that does not have it.

    With `fields` a dialog that was never opened, with `values` a menu, otherwise a button.
    """
    channel = _channel(standin, member, act)
    message = _message(standin, member, channel, act)
    payload: dict[str, Any] = {"custom_id": act["custom_id"]}
    kind, trigger = InteractionKind.COMPONENT, None
    owners = message.cause.owners if message.cause else _owners_of_bot(channel)
    if "fields" in act:
        kind = InteractionKind.MODAL
        opened = standin.world.ids.next()
        trigger = Cause(
            opened, InteractionKind.COMPONENT, member.user.id, owners, message_id=message.id
        )
        payload["components"] = [
            {
                "type": int(Kind.LABEL),
                "id": 2 * number + 1,
                "component": {
                    "type": int(Kind.TEXT_INPUT),
                    "id": 2 * number + 2,
                    "custom_id": name,
                    "value": value,
                },
            }
            for number, (name, value) in enumerate(act["fields"].items())
        ]
    elif "values" in act:
        payload |= {"component_type": int(Kind.STRING_SELECT), "id": 1, "values": act["values"]}
    else:
        payload |= {"component_type": int(Kind.BUTTON), "id": 1}
    return standin.interactions.ask(
        kind,
        member.user.id,
        channel,
        payload,
        owners,
        source=message,
        trigger=trigger,
    )


# ---------------------------------------------------------------------- places


def _channel(standin: StandIn, member: GuildMember, act: Json) -> Channel:
    return standin.world.channel_called(str(act["channel"]), member.user.id)


def _message(standin: StandIn, member: GuildMember, channel: Channel, act: Json) -> StoredMessage:
    message = standin.world.message(channel.id, int(act["message"]))
    if not standin.world.sees(member.user.id, message):
        raise Refusal("That message is gone.")
    return message


ACTIONS: Mapping[str, Callable[[StandIn, GuildMember, Json], Interaction]] = {
    "command": _use_command,
    "autocomplete": _autocomplete,
    "component": _use_component,
    "modal": _submit_modal,
    "message_menu": _use_message_menu,
    "user_menu": _use_user_menu,
    "forge": _forge,
}

"""Buttons, select menus and modals, turned into interactions.

Also what only a modified client sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.app.standin import StandIn
from playground.interactions.command_options import TypedOptions
from playground.interactions.command_registry import Installation
from playground.interactions.interactions import Interaction, InteractionKind
from playground.interactions.modal_values import fill_row, option_value
from playground.members.places import channel_of, message_of
from playground.payloads.commands import resolved_payload, resolved_users
from playground.state.errors import Refusal
from playground.state.messages import Cause, Json
from playground.state.people import Channel, GuildMember
from playground.validation.components import SELECT_KINDS, ComponentKind


def use_component(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    channel = channel_of(standin, member, action)
    message = message_of(standin, member, channel, action)
    component = next(
        (c for c in _walk(message.components) if c.get("custom_id") == action["custom_id"]), None
    )
    if component is None:
        raise Refusal("That message has no such button or menu.")
    if component.get("disabled"):
        raise Refusal("That button or menu is disabled.")
    payload = _component_payload(standin, channel, component, action.get("values"))
    return standin.interactions.ask(
        InteractionKind.COMPONENT,
        member.user.id,
        channel,
        payload,
        # The installation of the message, not of the member who presses.
        message.cause.owners if message.cause else _owners_of_bot(channel),
        source=message,
        nonce=action.get("nonce"),
    )


def _component_payload(
    standin: StandIn, channel: Channel, component: Json, values: list[str] | None
) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "custom_id": component["custom_id"],
        "component_type": component["type"],
        "id": component["id"],
    }
    if component["type"] not in SELECT_KINDS:
        return payload
    chosen = values or []
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if not least <= len(chosen) <= most:
        raise Refusal(f"Choose {least} to {most}.")
    if component["type"] == ComponentKind.STRING_SELECT:
        return {**payload, "values": [option_value(component, text) for text in chosen]}
    if component["type"] == ComponentKind.CHANNEL_SELECT:
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
    """The installation owners for a message that the bot posted without an interaction."""
    return {str(int(Installation.GUILD)): str(channel.guild_id or 0)}


def submit_modal(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    opened = standin.interactions.opened(int(action["interaction"]))
    if opened.user_id != member.user.id or opened.modal is None:
        raise Refusal("That modal is not open.")
    values = dict(action.get("values") or {})
    rows = [fill_row(row, values) for row in opened.modal["components"]]
    if values:
        raise Refusal(f"The modal has no field {', '.join(values)}.")
    payload = {"custom_id": opened.modal["custom_id"], "components": rows}
    return standin.interactions.ask(
        InteractionKind.MODAL,
        member.user.id,
        opened.channel,
        payload,
        opened.cause.owners,
        source=opened.source,
        trigger=opened.cause,
        nonce=action.get("nonce"),
    )


def forge(standin: StandIn, member: GuildMember, action: Json) -> Interaction:
    """What a modified client sends: a custom_id under a message that does not have it.

    With `fields` a modal that was never opened, with `values` a menu, otherwise a button.
    """
    channel = channel_of(standin, member, action)
    message = message_of(standin, member, channel, action)
    payload: dict[str, Any] = {"custom_id": action["custom_id"]}
    kind, trigger = InteractionKind.COMPONENT, None
    owners = message.cause.owners if message.cause else _owners_of_bot(channel)
    if "fields" in action:
        kind = InteractionKind.MODAL
        opened = standin.world.ids.next()
        trigger = Cause(
            opened, InteractionKind.COMPONENT, member.user.id, owners, message_id=message.id
        )
        payload["components"] = [
            {
                "type": int(ComponentKind.LABEL),
                "id": 2 * number + 1,
                "component": {
                    "type": int(ComponentKind.TEXT_INPUT),
                    "id": 2 * number + 2,
                    "custom_id": name,
                    "value": value,
                },
            }
            for number, (name, value) in enumerate(action["fields"].items())
        ]
    elif "values" in action:
        payload |= {
            "component_type": int(ComponentKind.STRING_SELECT),
            "id": 1,
            "values": action["values"],
        }
    else:
        payload |= {"component_type": int(ComponentKind.BUTTON), "id": 1}
    return standin.interactions.ask(
        kind,
        member.user.id,
        channel,
        payload,
        owners,
        source=message,
        trigger=trigger,
    )

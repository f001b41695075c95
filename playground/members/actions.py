"""A member's actions on the page, turned into interactions: commands, buttons, menus, modals.

Does what Discord's client does before the bot gets an event, and refuses what it would refuse
(`Refusal`). An action is the JSON described in docs/playground.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from playground.app.standin import StandIn
from playground.interactions.interactions import Interaction, Reply
from playground.members.command_actions import (
    autocomplete,
    use_command,
    use_message_menu,
    use_user_menu,
)
from playground.members.component_actions import forge, submit_modal, use_component
from playground.payloads.messages import message_payload
from playground.payloads.people import LOCALE
from playground.state.errors import Refusal
from playground.state.messages import Json
from playground.state.people import GuildMember

NO_RESPONSE = "The application did not respond"

ACTIONS: Mapping[str, Callable[[StandIn, GuildMember, Json], Interaction]] = {
    "command": use_command,
    "autocomplete": autocomplete,
    "component": use_component,
    "modal": submit_modal,
    "message_menu": use_message_menu,
    "user_menu": use_user_menu,
    "forge": forge,
}


async def perform(standin: StandIn, member: GuildMember, action: Json) -> dict[str, Any]:
    """Do it, wait for the bot's first response, and say what the member sees of it."""
    begin = ACTIONS.get(action.get("type", ""))
    if begin is None:
        raise Refusal(f"There is no action {action.get('type')!r}; there are {', '.join(ACTIONS)}.")
    standin.world.locales[member.user.id] = str(action.get("locale") or LOCALE)
    try:
        interaction = begin(standin, member, action)
    except KeyError as missing:
        raise Refusal(f"The action lacks {missing}.") from None
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

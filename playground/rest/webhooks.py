"""Answers to interactions: the callback, and the webhook for what follows.

No authorization header: the token in the path is the proof.
"""

from __future__ import annotations

from typing import Any

from playground.interactions import callbacks, followups
from playground.interactions.callbacks import MESSAGES
from playground.interactions.interactions import CallbackKind, Interaction
from playground.payloads.messages import message_payload
from playground.rest.call import Call, snowflake
from playground.state import errors
from playground.state.errors import DiscordError
from playground.state.messages import MessageFlag, StoredMessage


def respond(call: Call) -> Any:
    form, token = call.form, call.path["interaction_token"]
    interaction = call.standin.interactions.pending(call.id("interaction_id"), token)
    callbacks.respond(call.world, interaction, form, call.body.files)
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    return _with_response(call, interaction)


def follow_up(call: Call) -> Any:
    message = followups.follow_up(call.world, _interaction(call), call.form, call.body.files)
    return _payload(call, message)


def get_message(call: Call) -> Any:
    return _payload(call, followups.get_message(call.world, _interaction(call), _name(call)))


def edit_message(call: Call) -> Any:
    message = followups.edit_message(
        call.world, _interaction(call), _name(call), call.form, call.body.files
    )
    return _payload(call, message)


def delete_message(call: Call) -> None:
    followups.delete_message(call.world, _interaction(call), _name(call))


def _with_response(call: Call, interaction: Interaction) -> Any:
    """The answer to `?with_response`: the interaction, and the message that it now has."""
    described: dict[str, Any] = {"id": str(interaction.id), "type": int(interaction.kind)}
    answer: dict[str, Any] = {"interaction": described}
    kind = interaction.acknowledged
    message = interaction.reply.result().message
    if kind in MESSAGES and message is not None:
        described["response_message_id"] = str(message.id)
        described["response_message_loading"] = bool(message.flags & MessageFlag.LOADING)
        described["response_message_ephemeral"] = bool(message.flags & MessageFlag.EPHEMERAL)
    if kind in (CallbackKind.MESSAGE, CallbackKind.UPDATE) and message is not None:
        answer["resource"] = {"type": int(kind), "message": _payload(call, message)}
    return answer


def _interaction(call: Call) -> Interaction:
    """The interaction of the token in the path."""
    if call.id("webhook_id") != call.world.application_id:
        raise DiscordError(errors.UNKNOWN_WEBHOOK)
    return call.standin.interactions.answered(call.path["webhook_token"])


def _name(call: Call) -> str:
    name = call.path.get("message_id", followups.ORIGINAL)
    return name if name == followups.ORIGINAL else str(snowflake(name, "message_id"))


def _payload(call: Call, message: StoredMessage) -> Any:
    return message_payload(call.world, message, call.world.bot.id)

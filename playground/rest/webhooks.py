"""Answers to interactions: the callback, and the webhook that follows it. No authorization
header: the token in the path is the proof."""

from __future__ import annotations

from typing import Any

from playground.interactions.interactions import CallbackKind, Interaction, describe_answer
from playground.payloads.messages import message_payload
from playground.rest.call import Call, snowflake
from playground.state import errors
from playground.state.errors import DiscordError
from playground.state.messages import StoredMessage


def respond(call: Call) -> Any:
    interaction = call.standin.interactions.respond(
        call.id("interaction_id"), call.path["interaction_token"], call.form, call.body.files
    )
    if call.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    return _with_response(call, interaction)


def follow_up(call: Call) -> Any:
    token = _token(call)
    return _payload(call, call.standin.interactions.follow_up(token, call.form, call.body.files))


def get_message(call: Call) -> Any:
    return _payload(call, call.standin.interactions.message(_token(call), _name(call)))


def edit_message(call: Call) -> Any:
    interactions = call.standin.interactions
    message = interactions.edit(_token(call), _name(call), call.form, call.body.files)
    return _payload(call, message)


def delete_message(call: Call) -> None:
    call.standin.interactions.delete(_token(call), _name(call))


def _with_response(call: Call, interaction: Interaction) -> Any:
    answer: dict[str, Any] = {"interaction": describe_answer(interaction)}
    kind = interaction.acknowledged
    message = interaction.reply.result().message
    if kind in (CallbackKind.MESSAGE, CallbackKind.UPDATE) and message is not None:
        answer["resource"] = {"type": int(kind), "message": _payload(call, message)}
    return answer


def _token(call: Call) -> str:
    if call.id("webhook_id") != call.world.application_id:
        raise DiscordError(errors.UNKNOWN_WEBHOOK)
    return call.path["webhook_token"]


def _name(call: Call) -> str:
    name = call.path.get("message_id", "@original")
    return name if name == "@original" else str(snowflake(name, "message_id"))


def _payload(call: Call, message: StoredMessage) -> Any:
    return message_payload(call.world, message, call.world.bot.id)

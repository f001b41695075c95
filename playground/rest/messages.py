"""Channels, messages, reactions and typing."""

from __future__ import annotations

from typing import Any

from playground.interactions.message_drafts import draft_message, is_empty
from playground.payloads.messages import message_payload
from playground.payloads.people import channel_payload
from playground.rest.call import Call, snowflake
from playground.state import errors
from playground.state.errors import DiscordError, InvalidForm
from playground.state.messages import MessageKind, StoredMessage
from playground.state.people import Permission


def get_channel(call: Call) -> Any:
    return channel_payload(call.world, call.channel())


def list_messages(call: Call) -> Any:
    channel = call.channel(Permission.READ_MESSAGE_HISTORY)
    messages = [m for m in call.world.history(channel.id, call.world.bot.id) if not m.visible_to]
    try:
        limit = int(call.query.get("limit", 50))
    except ValueError:
        limit = 0
    if not 1 <= limit <= 100:
        words = "int value should be between 1 and 100."
        raise InvalidForm([errors.Complaint("limit", "NUMBER_TYPE_RANGE", words)])
    if "before" in call.query:
        before = snowflake(call.query["before"], "before")
        messages = [message for message in messages if message.id < before]
    chosen = messages[-limit:]
    if "after" in call.query:
        after = snowflake(call.query["after"], "after")
        chosen = [message for message in messages if message.id > after][:limit]
    return [_payload(call, message) for message in reversed(chosen)]


def get_message(call: Call) -> Any:
    call.channel(Permission.READ_MESSAGE_HISTORY)
    return _payload(call, _message(call))


def create_message(call: Call) -> Any:
    needed = [Permission.SEND_MESSAGES]
    if call.body.files:
        needed.append(Permission.ATTACH_FILES)
    channel = call.channel(*needed)
    draft = draft_message(call.world, channel.id, call.form, call.body.files)
    if is_empty(draft):
        raise DiscordError(errors.EMPTY_MESSAGE)
    if call.form.get("enforce_nonce") and draft.nonce is not None:
        posted = call.world.with_nonce(call.world.bot.id, draft.nonce)
        if posted is not None:
            return _payload(call, posted)
    kind = MessageKind.PLAIN if draft.reference_id is None else MessageKind.REPLY
    return _payload(call, call.world.post(channel, call.world.bot.id, draft, kind=kind))


def edit_message(call: Call) -> Any:
    channel = call.channel()
    message = _message(call)
    if message.author_id != call.world.bot.id:
        raise DiscordError(errors.NOT_THE_AUTHOR)
    draft = draft_message(call.world, channel.id, call.form, call.body.files, editing=message)
    if is_empty(draft, message):
        raise DiscordError(errors.EMPTY_MESSAGE)
    counted = call.world.count_old_edit(message)
    return _payload(call, call.world.edit(counted, draft))


def delete_message(call: Call) -> None:
    message = _message(call)
    if message.author_id == call.world.bot.id:
        call.channel()
    else:
        call.channel(Permission.MANAGE_MESSAGES)
    call.world.delete(message)


def add_reaction(call: Call) -> None:
    call.channel(Permission.READ_MESSAGE_HISTORY, Permission.ADD_REACTIONS)
    emoji = call.path["emoji_name"]
    if emoji.isascii():
        # Custom emoji (`name:id`) would need an emoji of this server, which has none.
        raise DiscordError(errors.UNKNOWN_EMOJI)
    call.world.react(_message(call), emoji, call.world.bot.id)


def remove_own_reaction(call: Call) -> None:
    call.channel()
    call.world.unreact(_message(call), call.path["emoji_name"], call.world.bot.id)


def remove_reaction(call: Call) -> None:
    call.channel(Permission.MANAGE_MESSAGES)
    call.world.unreact(_message(call), call.path["emoji_name"], call.id("user_id"))


def type_in_channel(call: Call) -> None:
    call.world.type_in(call.channel(Permission.SEND_MESSAGES), call.world.bot.id)


def open_conversation(call: Call) -> Any:
    user_id = snowflake(call.form.get("recipient_id"), "recipient_id")
    return channel_payload(call.world, call.world.conversation_with(user_id))


def _message(call: Call) -> StoredMessage:
    """The message of the path; an ephemeral one is unknown outside its interaction."""
    message = call.world.message(call.id("channel_id"), call.id("message_id"))
    if message.visible_to is not None:
        raise DiscordError(errors.UNKNOWN_MESSAGE)
    return message


def _payload(call: Call, message: StoredMessage) -> Any:
    return message_payload(call.world, message, call.world.bot.id)

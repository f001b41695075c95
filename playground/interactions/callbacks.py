"""The bot's first response to an interaction: which callbacks it may be, and what each does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from playground.interactions.defaults import fill_components
from playground.interactions.interactions import (
    CallbackKind,
    Interaction,
    InteractionKind,
    Reply,
)
from playground.interactions.message_drafts import Uploaded, is_empty
from playground.interactions.responses import draft_response, post_response
from playground.state import errors
from playground.state.errors import Complaint, DiscordError, InvalidForm
from playground.state.messages import Json, MessageDraft, MessageFlag, MessageKind, StoredMessage
from playground.state.world import World
from playground.validation.commands import check_choices
from playground.validation.components import check_modal

UPDATES = frozenset({CallbackKind.UPDATE, CallbackKind.DEFERRED_UPDATE})
MESSAGES = frozenset({CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE})
ALLOWED_CALLBACKS: Mapping[InteractionKind, frozenset[CallbackKind]] = {
    InteractionKind.COMMAND: MESSAGES | {CallbackKind.MODAL},
    InteractionKind.COMPONENT: MESSAGES | UPDATES | {CallbackKind.MODAL},
    InteractionKind.AUTOCOMPLETE: frozenset({CallbackKind.CHOICES}),
    InteractionKind.MODAL: MESSAGES | UPDATES,
}


def respond(world: World, interaction: Interaction, body: Json, files: Sequence[Uploaded]) -> None:
    """Take the callback of a pending interaction. Raises DiscordError if it is not allowed."""
    kind = _callback_kind(interaction, body)
    reply = _apply(world, interaction, kind, body.get("data") or {}, files)
    interaction.acknowledged = kind
    interaction.reply.set_result(reply)


def _callback_kind(interaction: Interaction, body: Json) -> CallbackKind:
    allowed = ALLOWED_CALLBACKS[interaction.kind]
    if interaction.source is None:
        allowed -= UPDATES
    if body.get("type") not in allowed:
        known = ", ".join(str(int(kind)) for kind in sorted(allowed))
        words = f"Value must be one of ({known})."
        raise InvalidForm([Complaint("type", "BASE_TYPE_CHOICES", words)])
    return CallbackKind(body["type"])


def _apply(
    world: World,
    interaction: Interaction,
    kind: CallbackKind,
    body: Json,
    files: Sequence[Uploaded],
) -> Reply:
    match kind:
        case CallbackKind.MESSAGE:
            draft = draft_response(world, interaction, body, files, at="data")
            if is_empty(draft):
                raise DiscordError(errors.EMPTY_MESSAGE)
            return Reply("message", _post_original(world, interaction, draft))
        case CallbackKind.DEFERRED_MESSAGE:
            flags = MessageFlag.LOADING | ((body.get("flags") or 0) & MessageFlag.EPHEMERAL)
            draft = MessageDraft(content="", flags=int(flags))
            return Reply("deferred", _post_original(world, interaction, draft))
        case CallbackKind.UPDATE:
            source = _source(world, interaction)
            draft = draft_response(world, interaction, body, files, editing=source, at="data")
            interaction.original = source.id
            return Reply("update", world.edit(source, draft))
        case CallbackKind.DEFERRED_UPDATE:
            source = _source(world, interaction)
            interaction.original = source.id
            return Reply("deferred_update", source)
        case CallbackKind.CHOICES:
            check_choices(body)
            return Reply("choices", choices=body["choices"])
        case CallbackKind.MODAL:
            check_modal(body)
            components = fill_components(body["components"], {})
            interaction.modal = {**body, "components": components}
            return Reply("modal", modal=interaction.modal)


def _source(world: World, interaction: Interaction) -> StoredMessage:
    """The message whose component was used, as it is now."""
    assert interaction.source is not None, "only component interactions allow updates"
    return world.message(interaction.channel.id, interaction.source.id)


def _post_original(world: World, interaction: Interaction, draft: MessageDraft) -> StoredMessage:
    kind, reference = MessageKind.PLAIN, None
    if interaction.source is not None:
        kind, reference = MessageKind.REPLY, interaction.source.id
    elif interaction.cause.target_id is not None:
        kind = MessageKind.MENU_COMMAND
    elif interaction.kind is InteractionKind.COMMAND:
        kind = MessageKind.COMMAND
    message = post_response(world, interaction, draft, kind, reference)
    interaction.original = message.id
    return message

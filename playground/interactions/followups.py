"""What the bot does with an interaction's token after its first response.

Its messages can be read, edited and deleted, and more can be posted.
"""

from __future__ import annotations

from collections.abc import Sequence

from playground.interactions.interactions import Interaction
from playground.interactions.message_drafts import Uploaded, is_empty
from playground.interactions.responses import draft_response, post_response
from playground.state import errors
from playground.state.errors import DiscordError
from playground.state.messages import Json, MessageFlag, MessageKind, StoredMessage
from playground.state.world import World

ORIGINAL = "@original"


def get_message(world: World, interaction: Interaction, name: str) -> StoredMessage:
    """A message of this interaction by id, or `@original`."""
    identity = interaction.original if name == ORIGINAL else int(name)
    message = world.messages.get(identity or 0)
    own = message is not None and (
        message.id == interaction.original
        or (message.cause is not None and message.cause.interaction_id == interaction.id)
    )
    if message is None or not own:
        raise DiscordError(errors.UNKNOWN_MESSAGE)
    return message


def follow_up(
    world: World, interaction: Interaction, body: Json, files: Sequence[Uploaded]
) -> StoredMessage:
    """Post another message; right after a deferred answer it fills that one in instead."""
    original = world.messages.get(interaction.original or 0)
    if original is not None and original.flags & MessageFlag.LOADING:
        return edit_message(world, interaction, ORIGINAL, body, files)
    draft = draft_response(world, interaction, body, files)
    if is_empty(draft):
        raise DiscordError(errors.EMPTY_MESSAGE)
    if interaction.user_install_only:
        if interaction.follow_ups >= world.limits.follow_ups:
            raise DiscordError(errors.TOO_MANY_FOLLOW_UPS)
        interaction.follow_ups += 1
    return post_response(world, interaction, draft, MessageKind.REPLY, interaction.original)


def edit_message(
    world: World, interaction: Interaction, name: str, body: Json, files: Sequence[Uploaded]
) -> StoredMessage:
    """Edit a message of this interaction; the first edit ends its "thinking"."""
    message = get_message(world, interaction, name)
    draft = draft_response(world, interaction, body, files, editing=message)
    if is_empty(draft, message):
        raise DiscordError(errors.EMPTY_MESSAGE)
    return world.edit(message, draft, touch=not message.flags & MessageFlag.LOADING)


def delete_message(world: World, interaction: Interaction, name: str) -> None:
    """Delete a message of this interaction."""
    world.delete(get_message(world, interaction, name))

"""Messages that answer an interaction, checked and posted as the bot's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from playground.interactions.interactions import Interaction
from playground.interactions.message_drafts import Uploaded, draft_message
from playground.state.messages import Json, MessageDraft, MessageFlag, MessageKind, StoredMessage
from playground.state.people import Permission, may
from playground.state.world import World


def draft_response(
    world: World,
    interaction: Interaction,
    body: Json,
    files: Sequence[Uploaded],
    *,
    editing: StoredMessage | None = None,
    at: str = "",
) -> MessageDraft:
    """As `draft_message`; a new message may also be ephemeral."""
    draft = draft_message(world, interaction.channel.id, body, files, editing=editing, at=at)
    hidden = 0 if editing else (body.get("flags") or 0) & MessageFlag.EPHEMERAL
    return replace(draft, flags=(draft.flags or 0) | hidden)


def post_response(
    world: World,
    interaction: Interaction,
    draft: MessageDraft,
    kind: MessageKind,
    reference: int | None,
) -> StoredMessage:
    """Post a message as the bot, with the interaction as its cause."""
    flags = (draft.flags or 0) | _forced_flags(world, interaction)
    return world.post(
        interaction.channel,
        world.bot.id,
        replace(draft, flags=flags, reference_id=reference, nonce=interaction.nonce),
        kind=kind,
        cause=replace(interaction.cause, original_id=interaction.original),
        visible_to=interaction.user_id if flags & MessageFlag.EPHEMERAL else None,
    )


def _forced_flags(world: World, interaction: Interaction) -> int:
    """EPHEMERAL where the user may not use external apps and the app is there for them alone."""
    channel = interaction.channel
    bits = world.permissions(interaction.user_id, channel)
    allowed = channel.guild_id is None or may(bits, Permission.USE_EXTERNAL_APPS)
    return 0 if allowed or not interaction.user_install_only else MessageFlag.EPHEMERAL

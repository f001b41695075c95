"""Discord's JSON for messages, their files, reactions and interactions. Pure."""

from __future__ import annotations

from playground.interactions.interactions import InteractionKind
from playground.interactions.message_drafts import file_url
from playground.payloads.people import Payload, user_payload
from playground.state.messages import Cause, MessageKind, Reaction, StoredFile, StoredMessage
from playground.state.world import World


def attachment_payload(world: World, channel_id: int, file: StoredFile) -> Payload:
    url = file_url(world, channel_id, file)
    payload: Payload = {
        "id": str(file.id),
        "filename": file.filename,
        "size": len(file.content),
        "url": url,
        "proxy_url": url,
        "content_type": file.content_type,
    }
    if file.width is not None:
        payload |= {"width": file.width, "height": file.height}
    return payload if file.description is None else {**payload, "description": file.description}


def message_payload(world: World, message: StoredMessage, viewer_id: int) -> Payload:
    """A message as this user gets it: `me` of its reactions is theirs."""
    shown = repr(message.embeds)
    payload: Payload = {
        "id": str(message.id),
        "channel_id": str(message.channel_id),
        "type": int(message.kind),
        "author": user_payload(world.user(message.author_id)),
        "content": message.content,
        "timestamp": message.created.isoformat(),
        "edited_timestamp": message.edited and message.edited.isoformat(),
        "flags": int(message.flags),
        "embeds": [dict(embed) for embed in message.embeds],
        "components": [dict(component) for component in message.components],
        # As at Discord, a file that an embed shows is not listed a second time.
        "attachments": [
            attachment_payload(world, message.channel_id, file)
            for file in message.files
            if file_url(world, message.channel_id, file) not in shown
        ],
        "mentions": [user_payload(world.user(user)) for user in message.mentions],
        "mention_everyone": message.mentions_everyone,
        "mention_roles": [],
        "pinned": False,
        "tts": False,
    }
    if message.reactions:
        payload["reactions"] = [_reaction(reaction, viewer_id) for reaction in message.reactions]
    if message.nonce is not None:
        payload["nonce"] = message.nonce
    if message.kind is MessageKind.REPLY or message.reference_id is not None:
        payload |= _reference(world, message, viewer_id)
    if message.cause is not None:
        payload |= _causes(world, message.cause)
    return payload


def _reaction(reaction: Reaction, viewer_id: int) -> Payload:
    count = len(reaction.users)
    return {
        "emoji": {"id": None, "name": reaction.emoji},
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "burst_colors": [],
        "me": viewer_id in reaction.users,
        "me_burst": False,
    }


def _reference(world: World, message: StoredMessage, viewer_id: int) -> Payload:
    referenced = world.messages.get(message.reference_id or 0)
    reference: Payload = {"type": 0, "channel_id": str(message.channel_id)}
    if message.reference_id is not None:
        reference["message_id"] = str(message.reference_id)
    guild_id = world.channels[message.channel_id].guild_id
    if guild_id is not None:
        reference["guild_id"] = str(guild_id)
    if referenced is None:
        return {"message_reference": reference, "referenced_message": None}
    payload = message_payload(world, referenced, viewer_id)
    payload.pop("referenced_message", None)
    return {"message_reference": reference, "referenced_message": payload}


def _causes(world: World, cause: Cause) -> Payload:
    application = str(world.application_id)
    payload: Payload = {
        "application_id": application,
        "webhook_id": application,
        "interaction_metadata": _metadata(world, cause),
    }
    if cause.name is not None:
        payload["interaction"] = {
            "id": str(cause.interaction_id),
            "type": cause.interaction_kind,
            "name": cause.name,
            "user": user_payload(world.user(cause.user_id)),
        }
    return payload


def _metadata(world: World, cause: Cause) -> Payload:
    metadata: Payload = {
        "id": str(cause.interaction_id),
        "type": cause.interaction_kind,
        "user": user_payload(world.user(cause.user_id)),
        "authorizing_integration_owners": dict(cause.owners),
    }
    if cause.original_id is not None:
        metadata["original_response_message_id"] = str(cause.original_id)
    if cause.trigger is not None:
        metadata["triggering_interaction_metadata"] = _metadata(world, cause.trigger)
    elif cause.interaction_kind == InteractionKind.COMPONENT:
        metadata["interacted_message_id"] = str(cause.message_id)
    if cause.target_id in world.members:
        metadata["target_user"] = user_payload(world.user(cause.target_id))
    elif cause.target_id is not None:
        metadata["target_message_id"] = str(cause.target_id)
    return metadata

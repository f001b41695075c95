"""Checks a client's message body and files, and turns them into a `MessageDraft`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from playground.interactions.defaults import Links, fill_components, fill_embeds, link_to
from playground.state import errors
from playground.state.errors import Complaint, DiscordError, InvalidForm
from playground.state.messages import (
    Json,
    MessageDraft,
    MessageFlag,
    StoredFile,
    StoredMessage,
    store_file,
)
from playground.state.world import World
from playground.validation.messages import check_message
from playground.validation.rules import joined

SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS | MessageFlag.SUPPRESS_NOTIFICATIONS | MessageFlag.COMPONENTS_V2
)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as it came in: `index` is the n of its part's name, `files[n]`."""

    index: int
    filename: str
    content: bytes = field(repr=False)


def draft_message(
    world: World,
    channel_id: int,
    body: Json,
    files: Sequence[Uploaded],
    *,
    editing: StoredMessage | None = None,
    at: str = "",
) -> MessageDraft:
    """Check a body against Discord's limits and turn it into a draft.

    `editing` is the message it will change: then absent parts stay, and `attachments` lists
    which files are kept. `at` is where in the request the body lies.
    """
    before = editing.flags if editing else 0
    flags = (before & ~MessageFlag.LOADING) | ((body.get("flags") or 0) & SETTABLE)
    most = world.limits.attachments
    check_message(body, files=len(files), flags=flags, most_files=most, at=at)
    for file in files:
        if len(file.content) > world.limits.attachment_size:
            raise DiscordError(errors.TOO_LARGE)
    stored, kept = _take_files(world, body, files, editing, at)
    there = [*stored, *(file for file in editing.files if file.id in kept)] if editing else stored
    links = {file.filename: link_to(file_url(world, channel_id, file), file) for file in there}
    return MessageDraft(
        content=_content(body, editing),
        embeds=_embeds(body, links, editing),
        components=_components(body, links, editing),
        flags=flags,
        kept=tuple(kept) if editing else None,
        files=tuple(stored),
        pings=body.get("allowed_mentions"),
        reference_id=_reference(world, channel_id, body),
        nonce=None if body.get("nonce") is None else str(body["nonce"]),
    )


def is_empty(draft: MessageDraft, before: StoredMessage | None = None) -> bool:
    """Whether a message would show nothing at all after this draft."""
    if draft.files or draft.content or draft.embeds or draft.components:
        return False
    if before is None:
        return True
    return not any(
        [
            before.content if draft.content is None else "",
            before.embeds if draft.embeds is None else (),
            before.components if draft.components is None else (),
            [file for file in before.files if draft.kept is None or file.id in draft.kept],
        ]
    )


def _content(body: Json, editing: StoredMessage | None) -> str | None:
    if editing and "content" not in body:
        return None
    return (body.get("content") or "").strip()


def _embeds(body: Json, links: Links, editing: StoredMessage | None) -> tuple[Json, ...] | None:
    if editing and "embeds" not in body:
        return None
    return fill_embeds(body.get("embeds") or [], links)


def _components(body: Json, links: Links, editing: StoredMessage | None) -> tuple[Json, ...] | None:
    if editing and "components" not in body:
        return None
    return fill_components(body.get("components") or [], links)


def file_url(world: World, channel_id: int, file: StoredFile) -> str:
    """Where the CDN serves a file."""
    return f"{world.base_url}/cdn/attachments/{channel_id}/{file.id}/{file.filename}"


def _take_files(
    world: World, body: Json, files: Sequence[Uploaded], editing: StoredMessage | None, at: str
) -> tuple[list[StoredFile], list[int]]:
    """New files with their alt texts, and the ids of those that stay."""
    here = joined(at, "attachments")
    uploaded = {file.index: file for file in files}
    there = {file.id: file for file in editing.files} if editing else {}
    named: dict[int, Json] = {}
    kept: list[int] = []
    for index, entry in enumerate(body.get("attachments") or []):
        try:
            identity = int(entry["id"])
        except (KeyError, TypeError, ValueError):
            words = "Value is not snowflake."
            complaint = Complaint(f"{here}.{index}.id", "NUMBER_TYPE_COERCE", words)
            raise InvalidForm([complaint]) from None
        if identity in uploaded:
            named[identity] = entry
        elif identity in there:
            kept.append(identity)
        else:
            words = "Referenced attachment not found"
            raise InvalidForm([Complaint(f"{here}.{index}", "ATTACHMENT_NOT_FOUND", words)])
    if editing and "attachments" not in body:
        kept = list(there)
    stored = []
    for file in files:
        entry = named.get(file.index, {})
        name = entry.get("filename") or file.filename
        alt = entry.get("description")
        stored.append(store_file(world.ids.next(), name, file.content, alt))
    if len(stored) + len(kept) > world.limits.attachments:
        words = f"Must be {world.limits.attachments} or fewer in length."
        raise InvalidForm([Complaint(here, "BASE_TYPE_MAX_LENGTH", words)])
    return stored, kept


def _reference(world: World, channel_id: int, body: Json) -> int | None:
    reference = body.get("message_reference")
    if not reference or reference.get("message_id") is None:
        return None
    message = world.messages.get(int(reference["message_id"]))
    if message is not None and message.channel_id == channel_id:
        return message.id
    if reference.get("fail_if_not_exists", True):
        complaint = Complaint("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        raise InvalidForm([complaint])
    return None

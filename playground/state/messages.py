"""Messages and their files as the stand-in keeps them. Frozen: an edit makes a new value."""

from __future__ import annotations

import io
import mimetypes
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any, Self

from PIL import Image, UnidentifiedImageError

Json = Mapping[str, Any]


class MessageKind(IntEnum):
    PLAIN = 0
    REPLY = 19
    COMMAND = 20
    MENU_COMMAND = 23


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An uploaded file; `width` and `height` are None unless it is a picture."""

    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str
    description: str | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Reaction:
    """One emoji under a message, and who reacted with it, in order."""

    emoji: str
    users: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """The interaction that a message answers.

    `owners` are Discord's `authorizing_integration_owners`: by kind of installation, the server
    and the user for whom the application is there. `name` is the command's, `message_id` the
    message whose component was used, `trigger` the cause of the modal that was submitted.
    """

    interaction_id: int
    interaction_kind: int
    user_id: int
    owners: Mapping[str, str] = field(default_factory=dict)
    name: str | None = None
    message_id: int | None = None
    target_id: int | None = None
    original_id: int | None = None
    trigger: Cause | None = None


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message; `visible_to` is the one user who sees an ephemeral one."""

    id: int
    channel_id: int
    author_id: int
    created: datetime
    content: str = ""
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    files: tuple[StoredFile, ...] = ()
    kind: MessageKind = MessageKind.PLAIN
    flags: int = 0
    edited: datetime | None = None
    mentions: tuple[int, ...] = ()
    mentions_everyone: bool = False
    reactions: tuple[Reaction, ...] = ()
    reference_id: int | None = None
    cause: Cause | None = None
    visible_to: int | None = None
    nonce: str | None = None
    edits_when_old: int = 0

    def with_draft(self, draft: MessageDraft) -> Self:
        """The message with the given parts of a draft in place, whom it pings apart."""
        kept = self.files
        if draft.kept is not None:
            kept = tuple(file for file in kept if file.id in draft.kept)
        return replace(
            self,
            files=(*kept, *draft.files),
            content=self.content if draft.content is None else draft.content,
            embeds=self.embeds if draft.embeds is None else draft.embeds,
            components=self.components if draft.components is None else draft.components,
            flags=self.flags if draft.flags is None else draft.flags,
        )

    def with_reaction(self, emoji: str, user_id: int) -> Self:
        """The message after this user reacted; as it was, where they had before."""
        there = self._reaction(emoji)
        if user_id in there.users:
            return self
        changed = Reaction(emoji, (*there.users, user_id))
        others = [changed if each.emoji == emoji else each for each in self.reactions]
        return replace(self, reactions=tuple(others if there.users else (*others, changed)))

    def without_reaction(self, emoji: str, user_id: int) -> Self:
        """The message after this user took the reaction back; as it was, if there is none."""
        there = self._reaction(emoji)
        changed = Reaction(emoji, tuple(user for user in there.users if user != user_id))
        reactions = [changed if each.emoji == emoji else each for each in self.reactions]
        return replace(self, reactions=tuple(each for each in reactions if each.users))

    def _reaction(self, emoji: str) -> Reaction:
        return next((each for each in self.reactions if each.emoji == emoji), Reaction(emoji, ()))


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """What a client asked a message to become; None leaves a part as it is.

    `kept` are the ids of existing files that stay, `files` the new ones. `pings` says which
    mentions of the content may ping (Discord's `allowed_mentions`).
    """

    content: str | None = None
    embeds: tuple[Json, ...] | None = None
    components: tuple[Json, ...] | None = None
    flags: int | None = None
    kept: tuple[int, ...] | None = None
    files: tuple[StoredFile, ...] = ()
    pings: Json | None = None
    reference_id: int | None = None
    nonce: str | None = None


def store_file(identity: int, filename: str, content: bytes, description: str | None) -> StoredFile:
    """A file as the CDN serves it: with a safe name, its type, and a picture's size."""
    name = re.sub(r"[^\w.\-]", "_", filename)[-200:] or "file"
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    width = height = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                width, height = picture.size
                content_type = Image.MIME.get(picture.format or "", content_type)
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ):
        pass  # Not a picture, or too large to decode: it is offered as a plain file.
    return StoredFile(identity, name, content, content_type, description, width, height)

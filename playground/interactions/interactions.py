"""The life of an interaction: asked, answered in time or not, followed up, expired.

Asked by a member's act; answered by the bot through REST. Knows neither HTTP nor the gateway:
whoever carries interactions to the bot registers in `listeners`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from time import monotonic
from typing import Any, Literal

from playground.interactions.command_registry import Installation
from playground.interactions.defaults import fill_components
from playground.interactions.message_drafts import Uploaded, draft_message, is_empty
from playground.state import errors
from playground.state.errors import Complaint, DiscordError, InvalidForm
from playground.state.messages import (
    Cause,
    Json,
    MessageDraft,
    MessageFlag,
    MessageKind,
    StoredMessage,
)
from playground.state.people import Channel, Permission, may
from playground.state.world import World
from playground.validation.commands import check_choices
from playground.validation.components import check_modal


class InteractionKind(IntEnum):
    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


class CallbackKind(IntEnum):
    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


UPDATES = frozenset({CallbackKind.UPDATE, CallbackKind.DEFERRED_UPDATE})
MESSAGES = frozenset({CallbackKind.MESSAGE, CallbackKind.DEFERRED_MESSAGE})
ALLOWED: Mapping[InteractionKind, frozenset[CallbackKind]] = {
    InteractionKind.COMMAND: MESSAGES | {CallbackKind.MODAL},
    InteractionKind.COMPONENT: MESSAGES | UPDATES | {CallbackKind.MODAL},
    InteractionKind.AUTOCOMPLETE: frozenset({CallbackKind.CHOICES}),
    InteractionKind.MODAL: MESSAGES | UPDATES,
}

ReplyKind = Literal["message", "deferred", "update", "deferred_update", "choices", "modal", "none"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the member sees of the bot's first response; `none` is no response in time."""

    kind: ReplyKind
    message: StoredMessage | None = None
    modal: Json | None = None
    choices: Sequence[Json] = ()


@dataclass(slots=True)
class Interaction:
    """One interaction. `original` is the id of the message that `@original` means."""

    id: int
    token: str
    kind: InteractionKind
    channel: Channel
    payload: Json
    cause: Cause
    source: StoredMessage | None
    nonce: str | None
    asked: float = field(default_factory=monotonic)
    acknowledged: CallbackKind | None = None
    original: int | None = None
    modal: Json | None = None
    follow_ups: int = 0
    reply: asyncio.Future[Reply] = field(default_factory=asyncio.Future)

    @property
    def user_id(self) -> int:
        return self.cause.user_id

    @property
    def brought_along(self) -> bool:
        """Whether the application is there for its user alone, and not for the place."""
        return str(int(Installation.GUILD)) not in self.cause.owners


class Interactions:
    """All interactions since the start, by id and by token."""

    def __init__(self, world: World) -> None:
        self.listeners: list[Callable[[Interaction], None]] = []
        self._world = world
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def ask(
        self,
        kind: InteractionKind,
        user_id: int,
        channel: Channel,
        payload: Json,
        owners: Mapping[str, str],
        *,
        name: str | None = None,
        source: StoredMessage | None = None,
        target_id: int | None = None,
        trigger: Cause | None = None,
        nonce: str | None = None,
    ) -> Interaction:
        """Start an interaction and carry it to the bot; `reply` resolves within the deadline.

        `owners` are those for whom the application is there (see `Cause`).
        `source` is the message whose component was used, `target_id` what a context menu
        command was used on, `trigger` the cause of the dialog that was sent off.
        """
        identity = self._world.ids.next()
        source_id = source.id if source else None
        cause = Cause(identity, kind, user_id, owners, name, source_id, target_id, trigger=trigger)
        token = secrets.token_urlsafe(64)
        interaction = Interaction(identity, token, kind, channel, payload, cause, source, nonce)
        self._by_id[identity] = interaction
        self._by_token[token] = interaction
        deadline = self._world.limits.interaction_deadline
        asyncio.get_running_loop().call_later(deadline, self._give_up, interaction)
        for listener in self.listeners:
            listener(interaction)
        return interaction

    def opened(self, interaction_id: int) -> Interaction:
        """The interaction that was answered with a dialog; Unknown interaction otherwise."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.modal is None:
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        return interaction

    # ------------------------------------------------------------------ the first response

    def respond(
        self, interaction_id: int, token: str, body: Json, files: Sequence[Uploaded]
    ) -> Interaction:
        """Take the bot's callback; DiscordError where it is late, double or not allowed."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        if interaction.acknowledged is not None:
            raise DiscordError(errors.ALREADY_ACKNOWLEDGED)
        if interaction.reply.done():
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        kind = self._callback_kind(interaction, body)
        reply = self._apply(interaction, kind, body.get("data") or {}, files)
        interaction.acknowledged = kind
        interaction.reply.set_result(reply)
        return interaction

    def _callback_kind(self, interaction: Interaction, body: Json) -> CallbackKind:
        allowed = ALLOWED[interaction.kind]
        if interaction.source is None:
            allowed -= UPDATES
        if body.get("type") not in allowed:
            known = ", ".join(str(int(kind)) for kind in sorted(allowed))
            words = f"Value must be one of ({known})."
            raise InvalidForm([Complaint("type", "BASE_TYPE_CHOICES", words)])
        return CallbackKind(body["type"])

    def _apply(
        self,
        interaction: Interaction,
        kind: CallbackKind,
        body: Json,
        files: Sequence[Uploaded],
    ) -> Reply:
        match kind:
            case CallbackKind.MESSAGE:
                draft = self._draft(interaction, body, files, at="data")
                if is_empty(draft):
                    raise DiscordError(errors.EMPTY_MESSAGE)
                return Reply("message", self._post_original(interaction, draft))
            case CallbackKind.DEFERRED_MESSAGE:
                flags = MessageFlag.LOADING | ((body.get("flags") or 0) & MessageFlag.EPHEMERAL)
                draft = MessageDraft(content="", flags=int(flags))
                return Reply("deferred", self._post_original(interaction, draft))
            case CallbackKind.UPDATE:
                source = self._source(interaction)
                draft = self._draft(interaction, body, files, editing=source, at="data")
                interaction.original = source.id
                return Reply("update", self._world.edit(source, draft))
            case CallbackKind.DEFERRED_UPDATE:
                source = self._source(interaction)
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

    def _source(self, interaction: Interaction) -> StoredMessage:
        """The message whose component was used, as it is now."""
        assert interaction.source is not None, "only component interactions allow updates"
        return self._world.message(interaction.channel.id, interaction.source.id)

    def _post_original(self, interaction: Interaction, draft: MessageDraft) -> StoredMessage:
        kind, reference = MessageKind.PLAIN, None
        if interaction.source is not None:
            kind, reference = MessageKind.REPLY, interaction.source.id
        elif interaction.cause.target_id is not None:
            kind = MessageKind.MENU_COMMAND
        elif interaction.kind is InteractionKind.COMMAND:
            kind = MessageKind.COMMAND
        message = self._post(interaction, draft, kind, reference)
        interaction.original = message.id
        return message

    def _post(
        self,
        interaction: Interaction,
        draft: MessageDraft,
        kind: MessageKind,
        reference: int | None,
    ) -> StoredMessage:
        flags = (draft.flags or 0) | self._forced(interaction)
        hidden = flags & MessageFlag.EPHEMERAL
        draft = replace(draft, flags=flags)
        return self._world.post(
            interaction.channel,
            self._world.bot.id,
            replace(draft, reference_id=reference, nonce=interaction.nonce),
            kind=kind,
            cause=replace(interaction.cause, original_id=interaction.original),
            visible_to=interaction.user_id if hidden else None,
        )

    def _forced(self, interaction: Interaction) -> int:
        """The flag of what only its member may see, where their applications must be quiet."""
        channel = interaction.channel
        bits = self._world.permissions(interaction.user_id, channel)
        loud = channel.guild_id is None or may(bits, Permission.USE_EXTERNAL_APPS)
        return 0 if loud or not interaction.brought_along else MessageFlag.EPHEMERAL

    def _draft(
        self,
        interaction: Interaction,
        body: Json,
        files: Sequence[Uploaded],
        *,
        editing: StoredMessage | None = None,
        at: str = "",
    ) -> MessageDraft:
        draft = draft_message(
            self._world, interaction.channel.id, body, files, editing=editing, at=at
        )
        hidden = 0 if editing else (body.get("flags") or 0) & MessageFlag.EPHEMERAL
        return replace(draft, flags=(draft.flags or 0) | hidden)

    def _give_up(self, interaction: Interaction) -> None:
        if not interaction.reply.done():
            interaction.reply.set_result(Reply("none"))

    # ------------------------------------------------------------------ what follows

    def answered(self, token: str) -> Interaction:
        """The acknowledged interaction of a token that still lives."""
        interaction = self._by_token.get(token)
        if interaction is None:
            raise DiscordError(errors.UNKNOWN_WEBHOOK)
        if monotonic() - interaction.asked >= self._world.limits.interaction_lifetime:
            raise DiscordError(errors.INVALID_WEBHOOK_TOKEN)
        if interaction.acknowledged is None:
            raise DiscordError(errors.UNKNOWN_WEBHOOK)
        return interaction

    def message(self, token: str, name: str) -> StoredMessage:
        """A message of this interaction by id, or `@original`."""
        interaction = self.answered(token)
        identity = interaction.original if name == "@original" else int(name)
        message = self._world.messages.get(identity or 0)
        own = message is not None and (
            message.id == interaction.original
            or (message.cause is not None and message.cause.interaction_id == interaction.id)
        )
        if message is None or not own:
            raise DiscordError(errors.UNKNOWN_MESSAGE)
        return message

    def follow_up(self, token: str, body: Json, files: Sequence[Uploaded]) -> StoredMessage:
        """Post another message; right after a deferred answer it fills that one in instead."""
        interaction = self.answered(token)
        original = self._world.messages.get(interaction.original or 0)
        if original is not None and original.flags & MessageFlag.LOADING:
            return self.edit(token, "@original", body, files)
        draft = self._draft(interaction, body, files)
        if is_empty(draft):
            raise DiscordError(errors.EMPTY_MESSAGE)
        if interaction.brought_along:
            if interaction.follow_ups >= self._world.limits.follow_ups:
                raise DiscordError(errors.TOO_MANY_FOLLOW_UPS)
            interaction.follow_ups += 1
        return self._post(interaction, draft, MessageKind.REPLY, interaction.original)

    def edit(self, token: str, name: str, body: Json, files: Sequence[Uploaded]) -> StoredMessage:
        """Edit a message of this interaction; the first edit ends its "thinking"."""
        message = self.message(token, name)
        draft = self._draft(self.answered(token), body, files, editing=message)
        if is_empty(draft, message):
            raise DiscordError(errors.EMPTY_MESSAGE)
        return self._world.edit(message, draft, touch=not message.flags & MessageFlag.LOADING)

    def delete(self, token: str, name: str) -> None:
        self._world.delete(self.message(token, name))


def describe_answer(interaction: Interaction) -> dict[str, Any]:
    """The interaction as the answer to `?with_response` describes it."""
    description: dict[str, Any] = {"id": str(interaction.id), "type": int(interaction.kind)}
    message = interaction.reply.result().message
    if interaction.acknowledged in MESSAGES and message is not None:
        description["response_message_id"] = str(message.id)
        description["response_message_loading"] = bool(message.flags & MessageFlag.LOADING)
        description["response_message_ephemeral"] = bool(message.flags & MessageFlag.EPHEMERAL)
    return description

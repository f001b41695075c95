"""Interactions: what a member's action sends to the bot, and how it is answered.

`callbacks` takes the bot's first response, `followups` what comes after it. Knows neither HTTP
nor the gateway: what carries interactions to the bot registers in `listeners`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from time import monotonic
from typing import Literal

from playground.interactions.command_registry import Installation
from playground.state import errors
from playground.state.errors import DiscordError
from playground.state.messages import Cause, Json, StoredMessage
from playground.state.people import Channel
from playground.state.world import World


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
    def user_install_only(self) -> bool:
        """Whether the application is there by its user's installation alone."""
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
        """Start an interaction and send it to the bot; `reply` resolves within the deadline.

        `owners` are those for whom the application is there (see `Cause`).
        `source` is the message whose component was used, `target_id` what a context menu
        command was used on, `trigger` the cause of the modal that was submitted.
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
        """The interaction that was answered with a modal; Unknown interaction otherwise."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.modal is None:
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        return interaction

    def pending(self, interaction_id: int, token: str) -> Interaction:
        """The interaction that still waits for its first response; DiscordError otherwise."""
        interaction = self._by_id.get(interaction_id)
        if interaction is None or interaction.token != token:
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        if interaction.acknowledged is not None:
            raise DiscordError(errors.ALREADY_ACKNOWLEDGED)
        if interaction.reply.done():
            raise DiscordError(errors.UNKNOWN_INTERACTION)
        return interaction

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

    def _give_up(self, interaction: Interaction) -> None:
        if not interaction.reply.done():
            interaction.reply.set_result(Reply("none"))

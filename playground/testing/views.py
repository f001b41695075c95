"""What a member sees: messages, buttons, modals and answers, as frozen dataclasses.

The members' endpoints send Discord's own message JSON; these types read it once,
so that tests ask `message.buttons` and not `message["components"][0]["components"]`.
Knows nothing of sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from playground.state.messages import Json, MessageFlag
from playground.validation.components import SELECT_KINDS, ComponentKind


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message; `width` and `height` are None unless it is a picture."""

    id: str
    filename: str
    url: str
    size: int
    content_type: str
    description: str | None
    width: int | None
    height: int | None

    @classmethod
    def from_json(cls, payload: Json) -> Self:
        return cls(
            id=payload["id"],
            filename=payload["filename"],
            url=payload["url"],
            size=payload["size"],
            content_type=payload.get("content_type", "application/octet-stream"),
            description=payload.get("description"),
            width=payload.get("width"),
            height=payload.get("height"),
        )


@dataclass(frozen=True, slots=True)
class Button:
    """A button; `custom_id` is None on link buttons, `url` on all others."""

    label: str
    emoji: str | None
    custom_id: str | None
    url: str | None
    style: int
    disabled: bool

    @classmethod
    def from_json(cls, payload: Json) -> Self:
        emoji = payload.get("emoji")
        return cls(
            label=payload.get("label", ""),
            emoji=emoji["name"] if emoji else None,
            custom_id=payload.get("custom_id"),
            url=payload.get("url"),
            style=payload["style"],
            disabled=payload.get("disabled", False),
        )


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a select menu, or one suggestion of an autocomplete (where value may be a
    number)."""

    label: str
    value: Any
    description: str | None = None
    default: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A select menu; `options` is empty for those that list members, roles or channels."""

    custom_id: str
    placeholder: str
    options: tuple[Option, ...]
    min_values: int
    max_values: int
    disabled: bool

    @classmethod
    def from_json(cls, payload: Json) -> Self:
        return cls(
            custom_id=payload["custom_id"],
            placeholder=payload.get("placeholder", ""),
            options=tuple(
                Option(o["label"], o["value"], o.get("description"), o.get("default", False))
                for o in payload.get("options", ())
            ),
            min_values=payload.get("min_values", 1),
            max_values=payload.get("max_values", 1),
            disabled=payload.get("disabled", False),
        )


@dataclass(frozen=True, slots=True)
class Field:
    """A text input or a select menu of a modal; `value` is what the bot filled in."""

    custom_id: str
    label: str
    value: str
    required: bool
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Modal:
    """A modal that the bot opened; hand it to `Member.submit`."""

    interaction_id: str
    custom_id: str
    title: str
    fields: tuple[Field, ...]

    @classmethod
    def from_json(cls, interaction_id: str, payload: Json) -> Self:
        return cls(
            interaction_id=interaction_id,
            custom_id=payload["custom_id"],
            title=payload["title"],
            fields=tuple(_fields(payload["components"])),
        )


@dataclass(frozen=True, slots=True)
class Message:
    """A message as one member sees it at one moment; edits make new values with the same id.

    `thinking` is the state after a deferred answer, `mentions` are the names this message
    really pings, `reactions` count members and the bot by emoji, and `raw` is Discord's JSON.
    """

    id: str
    channel_id: str
    author: str
    content: str
    embeds: tuple[Json, ...]
    attachments: tuple[Attachment, ...]
    buttons: tuple[Button, ...]
    selects: tuple[Select, ...]
    ephemeral: bool
    thinking: bool
    edited: bool
    interaction_id: str | None
    replies_to: str | None
    mentions: frozenset[str]
    mentions_everyone: bool
    reactions: Mapping[str, int]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, payload: Json) -> Self:
        components = list(_walk(payload["components"]))
        return cls(
            id=payload["id"],
            channel_id=payload["channel_id"],
            author=payload["author"]["global_name"] or payload["author"]["username"],
            content=payload["content"],
            embeds=tuple(payload["embeds"]),
            attachments=tuple(Attachment.from_json(a) for a in payload["attachments"]),
            buttons=tuple(
                Button.from_json(c) for c in components if c["type"] == ComponentKind.BUTTON
            ),
            selects=tuple(Select.from_json(c) for c in components if c["type"] in SELECT_KINDS),
            ephemeral=bool(payload["flags"] & MessageFlag.EPHEMERAL),
            thinking=bool(payload["flags"] & MessageFlag.LOADING),
            edited=payload["edited_timestamp"] is not None,
            interaction_id=(payload.get("interaction_metadata") or {}).get("id"),
            replies_to=(payload.get("message_reference") or {}).get("message_id"),
            mentions=frozenset(u["global_name"] or u["username"] for u in payload["mentions"]),
            mentions_everyone=payload["mention_everyone"],
            reactions={r["emoji"]["name"]: r["count"] for r in payload.get("reactions", ())},
            raw=payload,
        )

    def button(self, name: str) -> Button:
        """The button with this label, custom_id or emoji; LookupError names those there are."""
        for button in self.buttons:
            if name in (button.label, button.custom_id, button.emoji):
                return button
        there = [button.label or button.emoji for button in self.buttons]
        raise LookupError(f"no button {name!r} on this message; it has {there}")


AnswerKind = Literal["message", "deferred", "update", "deferred_update", "modal"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered to a member's action, within three seconds.

    `kind` is `message` (type 4), `deferred` (5: `message` is "thinking"), `update` (7) or
    `deferred_update` (6: in both `message` is the one the button sits on), or `modal` (9).
    """

    interaction_id: str
    kind: AnswerKind
    shown: Message | None
    opened: Modal | None

    @property
    def message(self) -> Message:
        """The message of the answer; AssertionError where the bot opened a modal."""
        assert self.shown is not None, f"the bot answered with {self.kind}, not with a message"
        return self.shown

    @property
    def modal(self) -> Modal:
        """The modal of the answer; AssertionError where the bot answered otherwise."""
        assert self.opened is not None, f"the bot answered with {self.kind}, not with a modal"
        return self.opened


def _walk(components: Any) -> Iterator[Json]:
    """Every component of a tree, containers before their children."""
    for component in components:
        yield component
        yield from _walk(component.get("components", ()))
        if isinstance(component.get("accessory"), Mapping):
            yield component["accessory"]


def _fields(components: Any) -> Iterator[Field]:
    for row in components:
        inner = (
            [row["component"]] if row["type"] == ComponentKind.LABEL else row.get("components", ())
        )
        for component in inner:
            yield Field(
                custom_id=component["custom_id"],
                label=row.get("label") or component.get("label", ""),
                value=component.get("value", ""),
                required=component.get("required", True),
                options=tuple(
                    Option(o["label"], o["value"], o.get("description"), o.get("default", False))
                    for o in component.get("options", ())
                ),
            )

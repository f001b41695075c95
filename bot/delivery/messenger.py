"""Messages on Discord: posts, edits and deletes them as the bot.

Knows how a `MessageSpec` becomes an API call, and nothing of jobs.
"""

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

import aiohttp
import discord

from bot.delivery.pacing import EditPacer
from bot.messages.specs import AttachmentSpec, ButtonRows, ButtonSpec, EmbedSpec, MessageSpec

MAX_SEARCHED_MESSAGES = 200
"""Messages of a channel that are looked through for one; Discord sends 100 at a time."""

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
OLD_MESSAGE_EDITED_TOO_OFTEN = 30046
ENTITY_TOO_LARGE = 40005
"""Some of the codes that Discord's errors have beside their status."""

TRANSIENT_ERRORS = (discord.HTTPException, aiohttp.ClientError, OSError)
"""Raised by a Messenger if Discord does not answer or asks to wait: worth another try."""


class MessageDeleted(Exception):
    """Somebody deleted the message."""


class CannotPost(Exception):
    """The channel is gone, the bot may not write there, or the message is too old and edited too
    often: trying again would change nothing."""


class FileTooLarge(CannotPost):
    """The file is larger than Discord takes in this place."""


class MessageState(Enum):
    """What Discord says of a message."""

    PRESENT = auto()
    DELETED = auto()
    CHANNEL_DELETED = auto()
    UNREADABLE = auto()
    """The bot may not look at it, or its token has expired."""


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message on Discord, and the address of its file if it has one."""

    channel_id: int
    message_id: int
    file_url: str | None


class Messenger:
    """Posts and edits by channel and message id: these stay valid however long a job takes.

    Where the bot cannot do so, because only one member may see the message or because the bot is
    not in the server, it uses the `token` of that member's interaction. Discord accepts a token for
    15 minutes.

    All methods may raise TRANSIENT_ERRORS.
    """

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self.pacer = EditPacer()

    async def post(
        self,
        channel_id: int,
        message: MessageSpec,
        token: str | None = None,
        *,
        hidden: bool = False,
        nonce: str | None = None,
    ) -> PostedMessage:
        """Post a new message; `hidden` needs a `token`. Raises CannotPost.

        A message with the same `nonce`, of at most 25 characters, is not posted again for a few
        minutes. With a token there is no nonce.
        """
        if token is None:
            channel = self._client.get_partial_messageable(channel_id)
            return await self._send(channel, message, nonce)
        with _classified_errors():
            webhook = self._webhook(token)
            return _posted(
                await webhook.send(**_send_arguments(message), ephemeral=hidden, wait=True)
            )

    async def post_to_member(
        self, member_id: int, message: MessageSpec, *, nonce: str | None = None
    ) -> PostedMessage:
        """Post a direct message; `nonce` as in `post`. Raises CannotPost."""
        with _classified_errors():
            channel = await self._client.create_dm(discord.Object(member_id))
        return await self._send(channel, message, nonce)

    async def _send(
        self, channel: discord.abc.Messageable, message: MessageSpec, nonce: str | None
    ) -> PostedMessage:
        arguments = _send_arguments(message)
        if nonce is not None:
            arguments["nonce"] = nonce
        with _classified_errors():
            return _posted(await channel.send(**arguments))

    async def find_own(
        self,
        channel_id: int,
        has_button: Callable[[str], bool],
        *,
        after: datetime,
        except_ids: Collection[int | None],
        answers: bool = False,
    ) -> PostedMessage | None:
        """The first message that the bot posted by itself since then and that has such a button.

        `has_button` is asked with custom_ids. With `answers`, what it answered to interactions
        counts too. The newest messages are looked through as well: `after` is by a clock of ours,
        which may be wrong. Raises CannotPost if the channel cannot be read.
        """
        assert self._client.user is not None, "a client that has logged in knows its user"
        channel = self._client.get_partial_messageable(channel_id)
        parts: tuple[dict[str, Any], ...] = ({"after": after, "oldest_first": True}, {})
        with _classified_errors():
            for part in parts:
                async for message in channel.history(limit=MAX_SEARCHED_MESSAGES, **part):
                    # Answers to interactions show a job again, or another one.
                    is_own = message.author.id == self._client.user.id
                    is_answer = message.interaction_metadata is not None
                    if not is_own or (is_answer and not answers) or message.id in except_ids:
                        continue
                    if any(map(has_button, _custom_ids(message))):
                        return _posted(message)
        return None

    async def find_answer(
        self, channel_id: int, token: str, has_button: Callable[[str], bool]
    ) -> PostedMessage | None:
        """The first answer to the interaction of a token, if it has such a button.

        None where the token has expired, too.
        """
        assert self._client.application_id is not None, "it is known after the login"
        route = discord.http.Route(
            "GET",
            "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
            webhook_id=self._client.application_id,
            webhook_token=token,
        )
        try:
            answer = await self._client.http.request(route)
        except discord.HTTPException as error:
            if _is_transient(error):
                raise
            return None
        if not any(map(has_button, _custom_ids_in(answer["components"]))):
            return None
        files = answer["attachments"]
        return PostedMessage(channel_id, int(answer["id"]), files[0]["url"] if files else None)

    async def edit(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        """Replace what a message shows. Raises MessageDeleted, CannotPost."""
        with self.pacer.staying(edit_bucket(channel_id, token)):
            return await self.show_preview(channel_id, message_id, message, token)

    async def show_preview(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        """The same for a preview; the caller has waited for `pacer.preview_turn`."""
        shown: dict[str, Any] = {
            "content": message.content,
            "embeds": build_embeds(message.embeds),
            "view": build_view(message.buttons),
        }
        # Without this field attachments are kept; an empty list would remove them.
        if message.attachment is not None or message.drops_file:
            shown["attachments"] = build_files(message.attachment)
        return await self._edit(channel_id, message_id, token, **shown)

    async def change_buttons(
        self, channel_id: int, message_id: int, rows: ButtonRows, token: str | None = None
    ) -> PostedMessage:
        """Replace the buttons and leave the rest. Raises MessageDeleted, CannotPost."""
        with self.pacer.staying(edit_bucket(channel_id, token)):
            return await self._edit(channel_id, message_id, token, view=build_view(rows))

    async def _edit(
        self, channel_id: int, message_id: int, token: str | None, **shown: Any
    ) -> PostedMessage:
        with _classified_errors():
            if token is not None:
                return _posted(await self._webhook(token).edit_message(message_id, **shown))
            channel = self._client.get_partial_messageable(channel_id)
            return _posted(await channel.get_partial_message(message_id).edit(**shown))

    async def delete(self, channel_id: int, message_id: int, token: str | None = None) -> None:
        """Delete a message; does nothing if it is deleted already. Raises CannotPost."""
        with _classified_errors():
            try:
                if token is not None:
                    await self._webhook(token).delete_message(message_id)
                    return
                channel = self._client.get_partial_messageable(channel_id)
                await channel.get_partial_message(message_id).delete()
            except discord.NotFound:
                return

    async def state_of(
        self, channel_id: int, message_id: int, token: str | None = None
    ) -> MessageState:
        """Ask Discord whether a message is still there."""
        try:
            if token is not None:
                await self._webhook(token).fetch_message(message_id)
            else:
                channel = self._client.get_partial_messageable(channel_id)
                await channel.fetch_message(message_id)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                return MessageState.DELETED
            if error.code == UNKNOWN_CHANNEL:
                return MessageState.CHANNEL_DELETED
            if _is_transient(error):
                raise
            return MessageState.UNREADABLE
        return MessageState.PRESENT

    def _webhook(self, token: str) -> discord.Webhook:
        """The webhook that answers an interaction, for 15 minutes."""
        application_id = self._client.application_id
        assert application_id is not None, "a client that has logged in knows its application"
        webhook = discord.Webhook.partial(application_id, token, client=self._client)
        # Only webhooks of this type may send messages that one member alone sees.
        webhook.type = discord.WebhookType.application
        return webhook


def edit_bucket(channel_id: int, token: str | None) -> int | str:
    """What Discord counts edits by: the channel, or the interaction that is answered."""
    return channel_id if token is None else token


def _send_arguments(message: MessageSpec) -> dict[str, Any]:
    """A message as the arguments of discord.py's `send`."""
    shown: dict[str, Any] = {
        "content": message.content,
        "embeds": build_embeds(message.embeds),
        "files": build_files(message.attachment),
    }
    if buttons := build_view(message.buttons):
        shown["view"] = buttons
    if message.pings is not None:
        member = discord.Object(message.pings)
        shown["allowed_mentions"] = discord.AllowedMentions(
            everyone=False, users=[member], roles=False, replied_user=False
        )
    return shown


def _custom_ids(message: discord.Message) -> Iterator[str]:
    """Of the buttons of a message."""
    for row in message.components:
        if isinstance(row, discord.ActionRow):
            for item in row.children:
                if isinstance(item, discord.Button) and item.custom_id is not None:
                    yield item.custom_id


def _custom_ids_in(components: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The same of a message as Discord sends it."""
    for component in components:
        if "custom_id" in component:
            yield component["custom_id"]
        yield from _custom_ids_in(component.get("components", ()))


def _posted(message: discord.Message) -> PostedMessage:
    file_url = message.attachments[0].url if message.attachments else None
    return PostedMessage(message.channel.id, message.id, file_url)


@contextmanager
def _classified_errors() -> Iterator[None]:
    """Raise MessageDeleted or CannotPost for errors that trying again would not change."""
    try:
        yield
    except discord.HTTPException as error:
        if error.code == UNKNOWN_MESSAGE:
            raise MessageDeleted(str(error)) from error
        if error.code == OLD_MESSAGE_EDITED_TOO_OFTEN:
            raise CannotPost(str(error)) from error
        if _is_transient(error):
            raise
        if error.status == 413 or error.code == ENTITY_TOO_LARGE:
            raise FileTooLarge(str(error)) from error
        raise CannotPost(str(error)) from error


def _is_transient(error: discord.HTTPException) -> bool:
    return error.status == 429 or error.status >= 500


def build_embeds(embeds: Sequence[EmbedSpec]) -> list[discord.Embed]:
    shown = []
    for spec in embeds:
        embed = discord.Embed(
            title=spec.title, description=spec.text or None, colour=spec.colour.value
        )
        for name, value in spec.fields:
            # A code block needs the width: beside another field, a few words of it wrap.
            inline = len(value) < 40 and not value.startswith("```")
            embed.add_field(name=name, value=value, inline=inline)
        shown.append(embed)
    return shown


def build_files(attachment: AttachmentSpec | None) -> list[discord.File]:
    if attachment is None:
        return []
    stream = io.BytesIO(attachment.encoded)
    return [discord.File(stream, attachment.filename, description=attachment.alt)]


def build_view(rows: Sequence[Sequence[ButtonSpec]]) -> discord.ui.View | None:
    """The rows of buttons, or None for a message without.

    Their presses go to `bot.ui.job_buttons`.
    """
    if not rows:
        return None
    shown = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            shown.add_item(
                discord.ui.Button(
                    style=_style(button),
                    label=button.label or None,
                    emoji=button.emoji or None,
                    custom_id=None if button.url else button.custom_id,
                    url=button.url,
                    row=number,
                )
            )
    # discord.py would keep each view to dispatch to; ours are found by their custom_id.
    shown.stop()
    return shown


def _style(button: ButtonSpec) -> discord.ButtonStyle:
    if button.url:
        return discord.ButtonStyle.link
    if button.danger:
        return discord.ButtonStyle.danger
    return discord.ButtonStyle.success if button.used else discord.ButtonStyle.secondary

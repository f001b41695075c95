"""The messages on Discord: posted and edited as the bot, at the pace that Discord allows.

Knows how a `MessageSpec` becomes an API call, and nothing of jobs.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord

from bot.delivery.pacing import EditPacer
from bot.messages.specs import AttachmentSpec, ButtonRows, ButtonSpec, EmbedSpec, MessageSpec

UNKNOWN_CHANNEL, UNKNOWN_MESSAGE = 10003, 10008
OLD_MESSAGE_EDITED_TOO_OFTEN = 30046
ENTITY_TOO_LARGE = 40005
"""Some of the codes that Discord's errors have beside their status."""


class MessageDeleted(Exception):
    """Somebody deleted the message."""


class CannotPost(Exception):
    """The channel is gone, the bot may not write there, or the message is too old and edited too
    often: trying again would change nothing."""


class FileTooLarge(CannotPost):
    """Discord takes smaller files only than the place once allowed."""


@dataclass(frozen=True, slots=True)
class PostedMessage:
    """A message that is there, and where its file can be had, if it has one."""

    channel_id: int
    message_id: int
    file_url: str | None


class Messenger:
    """Posts and edits by channel and message id, so that no token runs out under a long job.

    Where that cannot be, because a member alone may see it or the bot is only brought along, it
    goes by the `token` of that member's interaction, for as long as Discord lets it.
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
    ) -> PostedMessage:
        """Post a new message, with a `token` one that may be `hidden`. Raises CannotPost."""
        if token is None:
            return await self._send(self._client.get_partial_messageable(channel_id), message)
        try:
            sent = await self._answer(token).send(
                **_send_arguments(message), ephemeral=hidden, wait=True
            )
        except discord.HTTPException as error:
            raise _classify(error) from error
        return _posted(sent)

    async def post_to_member(self, member_id: int, message: MessageSpec) -> PostedMessage:
        """The same as a direct message."""
        try:
            channel = await self._client.create_dm(discord.Object(member_id))
        except discord.HTTPException as error:
            raise _classify(error) from error
        return await self._send(channel, message)

    async def _send(self, channel: discord.abc.Messageable, message: MessageSpec) -> PostedMessage:
        try:
            sent = await channel.send(**_send_arguments(message))
        except discord.HTTPException as error:
            raise _classify(error) from error
        return _posted(sent)

    async def edit(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        """Show `message` in the place of an earlier one. Raises MessageDeleted, CannotPost."""
        with self.pacer.staying(edit_bucket(channel_id, token)):
            return await self.show_preview(channel_id, message_id, message, token)

    async def show_preview(
        self, channel_id: int, message_id: int, message: MessageSpec, token: str | None = None
    ) -> PostedMessage:
        """As `edit`, for what is soon replaced; whoever calls waits for its turn before."""
        shown: dict[str, Any] = {
            "content": message.content,
            "embeds": build_embeds(message.embeds),
            "view": build_view(message.buttons),
        }
        # Attachments that are not mentioned stay, an empty list would take them away.
        if message.attachment is not None:
            shown["attachments"] = build_files(message.attachment)
        return await self._edit(channel_id, message_id, token, **shown)

    async def change_buttons(
        self, channel_id: int, message_id: int, rows: ButtonRows, token: str | None = None
    ) -> PostedMessage:
        """Leave all but the buttons as it is. Raises MessageDeleted, CannotPost."""
        with self.pacer.staying(edit_bucket(channel_id, token)):
            return await self._edit(channel_id, message_id, token, view=build_view(rows))

    async def _edit(
        self, channel_id: int, message_id: int, token: str | None, **shown: Any
    ) -> PostedMessage:
        channel = self._client.get_partial_messageable(channel_id)
        try:
            if token is None:
                return _posted(await channel.get_partial_message(message_id).edit(**shown))
            return _posted(await self._answer(token).edit_message(message_id, **shown))
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                raise MessageDeleted(str(error)) from error
            raise _classify(error) from error

    async def is_there(
        self, channel_id: int, message_id: int, token: str | None = None
    ) -> bool | None:
        """Whether a message is still there; None where the bot cannot find out now."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            if token is None:
                await channel.fetch_message(message_id)
            else:
                await self._answer(token).fetch_message(message_id)
        except discord.NotFound as error:
            return False if error.code in (UNKNOWN_CHANNEL, UNKNOWN_MESSAGE) else None
        except (discord.HTTPException, aiohttp.ClientError, OSError):
            return None
        return True

    def _answer(self, token: str) -> discord.Webhook:
        """The webhook by which an interaction is answered, for 15 minutes."""
        application_id = self._client.application_id
        assert application_id is not None, "a client that has logged in knows its application"
        webhook = discord.Webhook.partial(application_id, token, client=self._client)
        # Only those of this type may hide what they send from all but one member.
        webhook.type = discord.WebhookType.application
        return webhook

    async def delete(self, channel_id: int, message_id: int, token: str | None = None) -> None:
        """Take a message away; one that is gone already is none the worse. Raises CannotPost."""
        channel = self._client.get_partial_messageable(channel_id)
        try:
            if token is None:
                await channel.get_partial_message(message_id).delete()
            else:
                await self._answer(token).delete_message(message_id)
        except discord.NotFound:
            return
        except discord.HTTPException as error:
            raise _classify(error) from error

    async def is_deleted(self, channel_id: int, message_id: int) -> bool:
        """Whether a message is there no more. One that the bot may not look at passes for there.

        Raises discord.HTTPException where Discord does not say.
        """
        channel = self._client.get_partial_messageable(channel_id)
        try:
            await channel.fetch_message(message_id)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                return True
            if error.status == 429 or error.status >= 500:
                raise
        return False


def edit_bucket(channel_id: int, token: str | None) -> int | str:
    """What Discord counts edits by: the channel, or the interaction that is answered."""
    return channel_id if token is None else token


def _send_arguments(message: MessageSpec) -> dict[str, Any]:
    """A message as the arguments of what sends it."""
    shown: dict[str, Any] = {
        "content": message.content,
        "embeds": build_embeds(message.embeds),
        "files": build_files(message.attachment),
    }
    if buttons := build_view(message.buttons):
        shown["view"] = buttons
    return shown


def _posted(message: discord.Message) -> PostedMessage:
    file_url = message.attachments[0].url if message.attachments else None
    return PostedMessage(message.channel.id, message.id, file_url)


def _classify(error: discord.HTTPException) -> Exception:
    """The error itself if it may pass, such as 429 and 5xx; what is for good is a CannotPost."""
    if error.code == OLD_MESSAGE_EDITED_TOO_OFTEN:
        return CannotPost(str(error))
    if error.status == 429 or error.status >= 500:
        return error
    if error.status == 413 or error.code == ENTITY_TOO_LARGE:
        return FileTooLarge(str(error))
    return CannotPost(str(error))


def build_embeds(embeds: Sequence[EmbedSpec]) -> list[discord.Embed]:
    shown = []
    for spec in embeds:
        embed = discord.Embed(
            title=spec.title, description=spec.text or None, colour=spec.colour.value
        )
        for name, value in spec.fields:
            embed.add_field(name=name, value=value, inline=len(value) < 40)
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

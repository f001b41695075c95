"""The messages on Discord: posted and edited as the bot, at the pace that Discord allows.

Knows how a `Message` becomes an API call, and nothing of jobs.
"""

import asyncio
import io
import logging
from collections.abc import Sequence
from dataclasses import replace

import aiohttp
import discord

from bot.messages import Attachment, Button, Card, Message

log = logging.getLogger(__name__)

EDIT_PAUSE = 1.0
"""Seconds between two edits of a message: Discord allows about five in five seconds, by channel."""

OLD_MESSAGE_EDITED_TOO_OFTEN = 30046
ENTITY_TOO_LARGE = 40005
"""Two of the codes that Discord's errors have beside their status."""


class MessageGone(Exception):
    """The message cannot be edited any more: deleted, or too old and edited too often."""


class CannotPost(Exception):
    """The channel is gone, or the bot may not write there: trying again would change nothing."""


class FileTooLarge(CannotPost):
    """Discord takes smaller files only than the place once allowed."""


class Board:
    """Posts and edits by channel and message id, so that no token runs out under a long job."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def post(self, channel_id: int, message: Message) -> tuple[int, int]:
        """Post a new message; returns its channel's and its own id. Raises CannotPost."""
        return await self._send(self._client.get_partial_messageable(channel_id), message)

    async def post_to_member(self, member_id: int, message: Message) -> tuple[int, int]:
        """The same as a direct message."""
        try:
            channel = await self._client.create_dm(discord.Object(member_id))
        except discord.HTTPException as error:
            raise _sorted_out(error) from error
        return await self._send(channel, message)

    async def _send(self, channel: discord.abc.Messageable, message: Message) -> tuple[int, int]:
        try:
            sent = await channel.send(
                message.content,
                embeds=embeds(message.cards),
                files=files(message.attachment),
                view=view(message.buttons) or discord.utils.MISSING,
            )
        except discord.HTTPException as error:
            raise _sorted_out(error) from error
        return sent.channel.id, sent.id

    async def edit(self, channel_id: int, message_id: int, message: Message) -> None:
        """Show `message` in the place of an earlier one. Raises MessageGone, CannotPost."""
        channel = self._client.get_partial_messageable(channel_id)
        # An attachment of None leaves what is there, an empty list would take it away.
        keep = message.attachment is None
        try:
            await channel.get_partial_message(message_id).edit(
                content=message.content,
                embeds=embeds(message.cards),
                attachments=discord.utils.MISSING if keep else files(message.attachment),
                view=view(message.buttons),
            )
        except discord.HTTPException as error:
            if error.status == 404 or error.code == OLD_MESSAGE_EDITED_TOO_OFTEN:
                raise MessageGone(str(error)) from error
            raise _sorted_out(error) from error

    def follow(self, channel_id: int, message_id: int) -> "LiveMessage":
        return LiveMessage(self, channel_id, message_id)


class LiveMessage:
    """A message that follows a job: shows the newest state, and skips those it had no time for.

    Edits run one at a time behind `show`, which never waits. `stop` lets the last one end.
    """

    def __init__(self, board: Board, channel_id: int, message_id: int) -> None:
        self._board = board
        self.channel_id = channel_id
        self.message_id = message_id
        self._newest: Message | None = None
        self._news = asyncio.Event()
        self._edits = asyncio.create_task(self._edit())

    def show(self, message: Message) -> None:
        """Show this next. A picture that had no time to be shown goes with it."""
        if message.attachment is None and self._newest is not None:
            message = replace(message, attachment=self._newest.attachment)
        self._newest = message
        self._news.set()

    async def stop(self) -> None:
        """Forget what is not shown yet and wait for an edit under way, so that none comes late."""
        self._newest = None
        self._edits.cancel()
        await asyncio.gather(self._edits, return_exceptions=True)

    async def _edit(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            message, self._newest = self._newest, None
            if message is None:
                continue
            edit = asyncio.create_task(self._board.edit(self.channel_id, self.message_id, message))
            try:
                await asyncio.shield(edit)
            except asyncio.CancelledError:
                # A request that is on its way cannot be called back; wait so that nothing
                # that is shown later is overtaken by it.
                await asyncio.gather(edit, return_exceptions=True)
                raise
            except (MessageGone, CannotPost):
                return  # The end of the job decides where the result goes.
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                log.warning("A preview could not be shown.", exc_info=True)
            await asyncio.sleep(EDIT_PAUSE)


def _sorted_out(error: discord.HTTPException) -> Exception:
    """The error itself if it may pass, such as 429 and 5xx; what is for good is a CannotPost."""
    if error.status == 429 or error.status >= 500:
        return error
    if error.status == 413 or error.code == ENTITY_TOO_LARGE:
        return FileTooLarge(str(error))
    return CannotPost(str(error))


def embeds(cards: Sequence[Card]) -> list[discord.Embed]:
    shown = []
    for card in cards:
        embed = discord.Embed(
            title=card.title, description=card.text or None, colour=card.stripe.value
        )
        for name, value in card.fields:
            embed.add_field(name=name, value=value, inline=len(value) < 40)
        shown.append(embed)
    return shown


def files(attachment: Attachment | None) -> list[discord.File]:
    if attachment is None:
        return []
    stream = io.BytesIO(attachment.encoded)
    return [discord.File(stream, attachment.filename, description=attachment.alt)]


def view(rows: Sequence[Sequence[Button]]) -> discord.ui.View | None:
    """The rows of buttons, or None for a message without. Their presses go to `bot.buttons`."""
    if not rows:
        return None
    shown = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for button in row:
            style = discord.ButtonStyle.danger if button.danger else discord.ButtonStyle.secondary
            shown.add_item(
                discord.ui.Button(
                    style=style,
                    label=button.label or None,
                    emoji=button.emoji or None,
                    custom_id=button.custom_id,
                    row=number,
                )
            )
    # discord.py would keep each view to dispatch to; ours are found by their custom_id.
    shown.stop()
    return shown

"""A message that is edited again and again while it shows how something goes on."""

import asyncio
import logging
from dataclasses import replace

import aiohttp
import discord

from bot.delivery.messenger import CannotPost, MessageDeleted, Messenger, edit_bucket
from bot.messages.specs import MessageSpec

log = logging.getLogger(__name__)


class LiveMessage:
    """A message that follows a job: shows the newest state, and skips those it had no time for.

    Edits run one at a time behind `show`, which never waits, and take turns with other messages
    of the channel. `stop` lets the last one end.
    """

    def __init__(
        self, messenger: Messenger, channel_id: int, message_id: int, token: str | None = None
    ) -> None:
        self._messenger = messenger
        self.channel_id = channel_id
        self.message_id = message_id
        self._token = token
        self._newest: MessageSpec | None = None
        self._news = asyncio.Event()
        self._edits = asyncio.create_task(self._edit())

    def show(self, message: MessageSpec) -> None:
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
            await self._messenger.pacer.preview_turn(edit_bucket(self.channel_id, self._token))
            self._news.clear()
            message, self._newest = self._newest, None
            if message is None:
                continue
            edit = asyncio.create_task(
                self._messenger.show_preview(self.channel_id, self.message_id, message, self._token)
            )
            try:
                await asyncio.shield(edit)
            except asyncio.CancelledError:
                # A request that is on its way cannot be called back; wait so that nothing
                # that is shown later is overtaken by it.
                await asyncio.gather(edit, return_exceptions=True)
                raise
            except (MessageDeleted, CannotPost):
                return  # The end of the job decides whether and where the result goes.
            except (discord.HTTPException, aiohttp.ClientError, OSError):
                log.warning("A preview could not be shown.", exc_info=True)

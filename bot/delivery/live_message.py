"""A message that is edited repeatedly to show the progress of something."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.delivery.messenger import (
    TRANSIENT_ERRORS,
    CannotPost,
    MessageDeleted,
    Messenger,
    PostedMessage,
    edit_bucket,
)
from bot.messages.specs import AttachmentSpec, MessageSpec

log = logging.getLogger(__name__)

Compose = Callable[[], Awaitable[AttachmentSpec | None]]
"""Makes the picture of a state; called only for a state that is shown."""


class LiveMessage:
    """Shows the newest state of something in a message; states that come too fast are skipped.

    `show` never waits. Edits run one at a time in a task, and take turns with other messages of the
    channel. `stop` waits for the last edit.
    """

    def __init__(
        self,
        messenger: Messenger,
        channel_id: int,
        message_id: int,
        token: str | None = None,
        may_edit: Callable[[], bool] = lambda: True,
    ) -> None:
        """`may_edit` is asked before each edit; a state for which it says no is skipped."""
        self._may_edit = may_edit
        self._messenger = messenger
        self.channel_id = channel_id
        self.message_id = message_id
        self._token = token
        self._newest: MessageSpec | None = None
        self._compose: Compose | None = None
        self._news = asyncio.Event()
        self._edits = asyncio.create_task(self._edit())
        self._sent: asyncio.Task[PostedMessage] | None = None
        """The last edit, which may be under way."""

    def show(self, message: MessageSpec, compose: Compose | None = None) -> None:
        """Show this next, with the picture that `compose` makes then.

        The picture of a skipped state is shown with it if it has none.
        """
        if self._newest is not None and message.attachment is None and compose is None:
            message = replace(message, attachment=self._newest.attachment)
            compose = self._compose
        self._newest, self._compose = message, compose
        self._news.set()

    def drop(self) -> None:
        """Drop what is not sent yet, also a picture that is being made for it."""
        self._newest = self._compose = None
        self._edits.cancel()
        self._edits = asyncio.create_task(self._edit())

    async def stop(self) -> None:
        """Drop pending edits, and wait for one that has begun. No edit is made afterwards."""
        self._newest = None
        self._edits.cancel()
        # A request that was sent cannot be taken back. Wait for it, or it could replace what is
        # shown later.
        begun = (self._edits, *filter(None, [self._sent]))
        await asyncio.gather(*begun, return_exceptions=True)

    async def _edit(self) -> None:
        while True:
            await self._news.wait()
            await self._messenger.pacer.preview_turn(edit_bucket(self.channel_id, self._token))
            self._news.clear()
            message, self._newest = self._newest, None
            compose, self._compose = self._compose, None
            if message is None:
                continue
            if compose is not None:
                message = replace(message, attachment=await compose())
            if self._sent is not None:
                # It was sent before others were dropped.
                await asyncio.wait([self._sent])
            if not self._may_edit():
                continue
            self._sent = asyncio.create_task(
                self._messenger.show_preview(self.channel_id, self.message_id, message, self._token)
            )
            try:
                await asyncio.shield(self._sent)
            except (MessageDeleted, CannotPost):
                return  # Where the result is shown is decided when the job ends.
            except TRANSIENT_ERRORS:
                log.warning("A preview could not be shown.", exc_info=True)

"""Deletes unwanted messages of the bot on Discord, in the background, after restarts too."""

import asyncio
import contextlib
import logging

from bot.delivery.messenger import TRANSIENT_ERRORS, CannotPost, Messenger
from bot.retry import retried, until_stored
from storage import unwanted_messages
from storage.database import Database
from storage.unwanted_messages import UnwantedMessage

MIN_RETRY_INTERVAL_S = 1.0
MAX_RETRY_INTERVAL_S = 60.0
"""Seconds between two tries while Discord does not answer; they double."""

POLL_INTERVAL_S = 5.0
"""Seconds after which it looks for what other bots have noted."""

MAX_AT_A_TIME = 50
"""Messages that are read from the database at a time."""

log = logging.getLogger(__name__)


class MessageRemover:
    """Deletes what `storage.unwanted_messages` notes."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger
        self._news = asyncio.Event()

    def wake(self) -> None:
        """There may be unwanted messages."""
        self._news.set()

    async def run(self) -> None:
        """Delete messages until cancelled."""
        while True:
            self._news.clear()
            while some := await until_stored(
                lambda: unwanted_messages.first(self._database, MAX_AT_A_TIME)
            ):
                for message in some:
                    await self._remove(message)
            poll_s = POLL_INTERVAL_S if self._database.is_shared else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(poll_s):
                    await self._news.wait()

    async def _remove(self, message: UnwantedMessage) -> None:
        await retried(
            lambda: self._delete(message),
            TRANSIENT_ERRORS,
            first_pause_s=MIN_RETRY_INTERVAL_S,
            max_pause_s=MAX_RETRY_INTERVAL_S,
        )
        await until_stored(lambda: unwanted_messages.forget(self._database, message.message_id))

    async def _delete(self, message: UnwantedMessage) -> None:
        place = (message.channel_id, message.message_id)
        if message.reply_token is not None:
            # Where the token has expired, the bot may still reach it as itself.
            with contextlib.suppress(CannotPost):
                await self._messenger.delete(*place, message.reply_token)
                return
        try:
            await self._messenger.delete(*place)
        except CannotPost as error:
            log.info("Message %d stays on Discord: %s", message.message_id, error)

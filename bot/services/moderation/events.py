"""The moderation log: what rules found, and what moderators decided, for those who moderate."""

import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.messenger import CannotPost, Messenger
from bot.delivery.persistent_tasks import PersistentTasks
from bot.messages import log_embeds
from bot.messages.specs import MessageSpec
from storage.database import Database, StorageUnavailable
from storage.moderation import log as entries
from storage.moderation.log import LogPage, NewEntry
from storage.servers import get_settings

LOG_RETENTION = timedelta(days=90)
"""How long entries are kept."""

ENTRIES_PER_PAGE = 10
MAX_TEXT_CHARS = 500
"""Characters of what a member wrote that an entry keeps."""

REPEATED_WITHIN_S = 60.0
"""Seconds in which the same entry counts once: a prompt is looked at more than once on its way."""

MAX_REMEMBERED = 1000

log = logging.getLogger(__name__)


class ModerationLog:
    """Writes entries, reads pages, and shows new entries in a server's log channel."""

    def __init__(self, database: Database, messenger: Messenger) -> None:
        self._database = database
        self._messenger = messenger
        self._tasks = PersistentTasks()
        self._latest: OrderedDict[NewEntry, float] = OrderedDict()

    async def stop(self) -> None:
        await self._tasks.stop()

    async def note(self, new: NewEntry) -> None:
        """Write an entry, unless the same was written a moment ago. Raises StorageUnavailable.

        Of its text the first MAX_TEXT_CHARS are kept. The process's log gets it too, without what
        the member wrote: that is private.
        """
        new = replace(new, text=new.text[:MAX_TEXT_CHARS])
        if self._is_repeated(new):
            return
        log.info("%s: member %s in server %s.", new.kind, new.member_id, new.server_id)
        try:
            await entries.write(self._database, new, keep=LOG_RETENTION)
        except StorageUnavailable:
            self._latest.pop(new, None)  # whoever tries again writes it
            raise
        self.announce(new)

    def announce(self, new: NewEntry) -> None:
        """Show an entry that was written already in the log channel, if there is one."""
        self._tasks.start(self._post, new)

    async def page(
        self, server_id: int, number: int, member_id: int | None, kind: str | None
    ) -> LogPage:
        """A page of a server's log, counted from 0; see `storage.moderation.log.page`."""
        return await entries.page(
            self._database,
            server_id,
            offset=number * ENTRIES_PER_PAGE,
            limit=ENTRIES_PER_PAGE,
            since=datetime.now(UTC) - LOG_RETENTION,
            member_id=member_id,
            kinds=_beginnings(kind),
        )

    async def _post(self, new: NewEntry) -> None:
        channel_id = (await get_settings(self._database, new.server_id)).log_channel
        if channel_id is None:
            return
        line = log_embeds.line(new, datetime.now(UTC), "en")
        try:
            await self._messenger.post(channel_id, MessageSpec(line))
        except CannotPost as error:
            log.warning("Log channel %d cannot be used: %s", channel_id, error)

    def _is_repeated(self, new: NewEntry) -> bool:
        now = time.monotonic()
        before = self._latest.pop(new, None)
        self._latest[new] = now
        if len(self._latest) > MAX_REMEMBERED:
            self._latest.popitem(last=False)
        return before is not None and now - before < REPEATED_WITHIN_S


def _beginnings(kind: str | None) -> Sequence[str]:
    return (f"{kind}.",) if kind else ()

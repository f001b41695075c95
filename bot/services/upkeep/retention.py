"""Deletes files of pictures that are older than their server keeps them. Recipes stay."""

import asyncio
import logging
from datetime import UTC, datetime

from storage.database import Database, StorageUnavailable
from storage.pictures import PictureNotRemoved, PictureStore, retention

SWEEP_INTERVAL_S = 3600.0
"""Seconds between two sweeps for old pictures."""

log = logging.getLogger(__name__)


class Retention:
    """Sweeps old files, in the background."""

    def __init__(self, database: Database, picture_store: PictureStore) -> None:
        self._database = database
        self._picture_store = picture_store

    async def sweep(self) -> int:
        """Delete the files that are too old; returns how many.

        Raises StorageUnavailable, PictureNotRemoved.
        """
        now, gone = datetime.now(UTC), 0
        for limit in await retention.limits(self._database, now):
            last: retention.JobEnd | None = retention.START
            while last is not None:
                found = await retention.too_old(self._database, limit, last)
                last = found.last
                if not found.pictures:
                    continue
                # One that was drawn again since then is as new as its file.
                expired = await self._picture_store.expire(found.pictures, limit.ended_before)
                await retention.mark_expired(self._database, expired, now)
                gone += len(expired)
        return gone

    async def keep_swept(self) -> None:
        """Sweep every SWEEP_INTERVAL_S, until cancelled."""
        while True:
            try:
                if gone := await self.sweep():
                    log.info("Deleted the files of %d old pictures; their recipes stay.", gone)
            except (StorageUnavailable, PictureNotRemoved) as error:
                log.warning("Could not sweep old pictures: %s", error)
            await asyncio.sleep(SWEEP_INTERVAL_S)

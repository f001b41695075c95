"""Deletes jobs for good, and everything that is stored about a member who asks for that.

That a member asked is stored first, so a deletion that was cut off is ended by the next start.
"""

import asyncio
import logging
from collections.abc import Collection

from bot.delivery.message_remover import MessageRemover
from bot.duties import Duties
from bot.errors import CannotDelete
from bot.retry import until_stored
from bot.services.queue_worker import QueueWorker
from storage.database import Database, StorageUnavailable
from storage.pictures import PictureNotRemoved, PictureStore
from storage.privacy import erasure
from storage.privacy.erasure import Stored
from storage.start_pictures import StartPictures

RETRY_INTERVAL_S = 20.0
"""Seconds between two tries to end deletions that failed, or whose bot died."""

log = logging.getLogger(__name__)


class Erasure:
    """Each step can be repeated: whatever is deleted already is no error."""

    def __init__(
        self,
        database: Database,
        picture_store: PictureStore,
        start_pictures: StartPictures,
        queue_worker: QueueWorker,
        remover: MessageRemover,
        duties: Duties,
    ) -> None:
        self._duties = duties
        self._database = database
        self._picture_store = picture_store
        self._start_pictures = start_pictures
        self._queue_worker = queue_worker
        self._remover = remover
        self._working = asyncio.Lock()

    async def stored(self, member_id: int) -> Stored:
        """How much a deletion would delete."""
        return await erasure.stored(self._database, member_id)

    async def erase_member(self, member_id: int) -> Stored:
        """Delete everything about a member; returns how much that was.

        Messages on Discord follow in the background. Raises CannotDelete: it is tried again later.
        """
        before = await self.stored(member_id)
        await erasure.ask(self._database, member_id)
        try:
            await self._erase(member_id)
        except PictureNotRemoved as error:
            raise CannotDelete(str(error)) from error
        return before

    async def erase_jobs(self, job_ids: Collection[str]) -> None:
        """Delete jobs: files, prompts, requests and favourites, and their messages on Discord.

        Those that have not ended are cancelled. The messages follow in the background. Raises
        PictureNotRemoved.
        """
        for job_id in job_ids:
            await self._queue_worker.cancel(job_id)
        attempts = await erasure.attempts(self._database, job_ids)
        # Before the rows: without them nobody would know of the files after a crash.
        await self._picture_store.remove_of_jobs(attempts)
        digests = await erasure.erase_jobs(self._database, job_ids)
        # One that began just now may have saved a picture in between.
        await self._queue_worker.drop(job_ids)
        await self._picture_store.remove_of_jobs(attempts)
        await self._start_pictures.drop(digests)
        self._remover.wake()

    async def keep_ending(self) -> None:
        """End the deletions that were cut off or failed, until cancelled."""
        while True:
            for member_id in await until_stored(lambda: erasure.asked(self._database)):
                try:
                    await self._erase(member_id)
                except (StorageUnavailable, PictureNotRemoved) as error:
                    log.warning("A member's data is not deleted yet: %s", error)
            await asyncio.sleep(RETRY_INTERVAL_S)

    async def _erase(self, member_id: int) -> None:
        # One at a time: each rewrites SQLite's file.
        async with self._working, self._duties.turn(f"erasure:{member_id}"):
            while True:
                while some := await erasure.some_jobs(self._database, member_id):
                    await self.erase_jobs([job.id for job in some])
                digests = await erasure.forget_member(self._database, member_id)
                if digests is not None:
                    break
            await self._start_pictures.drop(digests)
            await self._database.scrub()
            await erasure.done(self._database, member_id)
            log.info("A member's data was deleted, as they asked.")

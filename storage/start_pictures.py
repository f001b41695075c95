"""Start pictures (init images and masks): kept as long as a job or a draft names them.

A picture is saved before the job or draft that names it, which may still be rejected. So the caller
holds it until then (`holding`), and a held picture is not deleted. Of a request, this only knows
where the digests are.
"""

import asyncio
import contextlib
import json
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextvars import ContextVar
from typing import Any

from sqlalchemy import ColumnElement, String, literal_column, select

from storage import drafts
from storage.database import Database, StorageUnavailable
from storage.models import DraftRow, JobRow
from storage.pictures import PictureNotRemoved, PictureStore
from storage.pictures import digest as digest_of

SWEEP_INTERVAL_S = 3600.0
"""Seconds between two sweeps for unused pictures."""

MIN_AGE_S = 3600.0
"""Pictures younger than this are not swept: another process may hold them."""

MAX_QUERIED = 500
"""Digests in one query; databases limit how many values it may have."""

log = logging.getLogger(__name__)

_holding: ContextVar[set[str] | None] = ContextVar("holding", default=None)


class StartPictures:
    """Saves start pictures and masks, and deletes those that nothing names."""

    def __init__(self, database: Database, picture_store: PictureStore) -> None:
        self._database = database
        self._picture_store = picture_store
        self._held: Counter[str] = Counter()
        self._one_drop = asyncio.Lock()
        self._dropping: set[str] = set()
        self._dropped = asyncio.Event()
        self._of_jobs: set[str] = set()

    @contextlib.asynccontextmanager
    async def holding(self) -> AsyncIterator[None]:
        """Pictures kept within this block are not deleted before it ends.

        After it, those that nothing names may be; where it ends with an error, they are at once.
        """
        mine: set[str] = set()
        token, refused = _holding.set(mine), False
        try:
            yield
        except Exception:
            refused = True
            raise
        finally:
            _holding.reset(token)
            self._let_go(mine)
            if refused:
                await self.drop(mine)

    async def keep(self, picture: bytes) -> str:
        """Save a picture, within `holding`, and return its SHA-256.

        Raises PictureNotSaved, PicturesUnavailable.
        """
        mine = _holding.get()
        assert mine is not None, "a picture is kept within `holding`"
        digest = await asyncio.to_thread(digest_of, picture)
        if digest not in mine:
            mine.add(digest)
            self._held[digest] += 1
        # It may be about to be deleted, as one that nothing names; then it is saved again after.
        while digest in self._dropping:
            await self._dropped.wait()
        return await self._picture_store.keep(picture)

    async def drop(self, digests: Collection[str]) -> int:
        """Delete those of them that nothing names or holds; returns how many.

        Where the database is unavailable, that is left to the next sweep.
        """
        if not digests:
            return 0
        async with self._one_drop:
            # None of these is saved meanwhile. What is about to be saved is held already, and what
            # was held until a moment ago is named by now, if ever.
            self._dropping = {digest for digest in digests if not self._held[digest]}
            self._dropped.clear()
            try:
                return await self._drop_unnamed(self._dropping)
            except StorageUnavailable:
                return 0
            finally:
                self._dropping = set()
                self._dropped.set()

    async def sweep(self) -> int:
        """Delete unused pictures, and return how many files.

        Raises StorageUnavailable, PictureNotRemoved.
        """
        await drafts.expire(self._database)
        return await self.drop(await self.unnamed())

    async def unnamed(self) -> frozenset[str]:
        """The digests of pictures that nothing names and that are old enough to be deleted."""
        # What a job names is named until the job is erased, which comes through `drop`: it need not
        # be looked up again.
        kept = await self._picture_store.all_kept(older_than_s=MIN_AGE_S)
        old = {file.name for file in kept} - self._of_jobs
        # First without the lock: it may be many, in a large database.
        old -= await self._in_drafts()
        of_jobs = await named_by_jobs(self._database, old)
        if not self._database.is_shared:  # another bot may erase the job
            self._of_jobs |= of_jobs
        return frozenset(old - of_jobs)

    async def keep_swept(self) -> None:
        """Sweep every `SWEEP_INTERVAL_S`, until cancelled."""
        while True:
            try:
                if gone := await self.sweep():
                    log.info("Deleted %d unused start pictures.", gone)
            except (StorageUnavailable, PictureNotRemoved, OSError) as error:
                log.warning("Could not sweep start pictures: %s", error)
            await asyncio.sleep(SWEEP_INTERVAL_S)

    async def _drop_unnamed(self, digests: Collection[str]) -> int:
        # Drafts first: one that is confirmed meanwhile is found as jobs.
        unnamed = set(digests) - await self._in_drafts()
        unnamed -= await named_by_jobs(self._database, unnamed)
        gone = [digest for digest in unnamed if not self._held[digest]]
        self._of_jobs.difference_update(gone)
        return await self._picture_store.forget(gone)

    def _let_go(self, digests: Collection[str]) -> None:
        self._held.subtract(digests)
        # Drop those at 0; a Counter would keep them for ever.
        self._held = +self._held

    async def _in_drafts(self) -> set[str]:
        async with self._database.reading() as session:
            contents = await session.scalars(select(DraftRow.content))
            return {digest for content in contents for digest in digests_in(content)}


async def named_by_jobs(database: Database, digests: Collection[str]) -> set[str]:
    """Those of them that a job names, in any state: its buttons may still be pressed."""
    asked = list(digests)
    found: set[str] = set()
    for first in range(0, len(asked), MAX_QUERIED):
        some = asked[first : first + MAX_QUERIED]
        async with database.reading() as session:
            for name in ("image", "mask"):
                digest = start_digest(name, session.get_bind().dialect.name)
                found.update(
                    await session.scalars(
                        select(digest).select_from(JobRow).where(digest.in_(some))
                    )
                )
    return {digest for digest in asked if digest in found}


def start_digest(name: str, dialect: str) -> ColumnElement[str]:
    """Where the request of a `JobRow` has the digest of its `image` or `mask`.

    Written as in the indexes, so that the database knows that they have it.
    """
    if dialect == "sqlite":
        return literal_column(f"json_extract(jobs.request, '$.start.{name}')", String)
    # Postgres cannot take a JSON apart that has the character 0 in any of its strings.
    pattern = f'"start": [{{][^}}]*"{name}": "([0-9a-f]+)"'
    return literal_column(f"(substring(jobs.request::text from '{pattern}'))", String)


def digests_in(content: Mapping[str, Any]) -> set[str]:
    """Everything in a draft that can be a picture's digest."""
    return set(re.findall(r"\b[0-9a-f]{64}\b", json.dumps(content)))

"""`darkroom prune`: say which pictures may be deleted, and with `--yes` delete them.

These are files that nothing names, and on wish the files of old pictures. It may run beside the
bot.
"""

import argparse
import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.cli.errors import CannotStart
from bot.config import Settings
from bot.picture_store import WrongPicturePlace, open_pictures
from storage.database import Database, migrate
from storage.pictures import Picture, PictureNotRemoved, PictureStore, retention
from storage.pictures.disk import free_bytes, used_bytes
from storage.pictures.orphans import orphans
from storage.pictures.retention import Limit
from storage.start_pictures import MIN_AGE_S, StartPictures


@dataclass(frozen=True, slots=True)
class Prune:
    """What to delete."""

    older_than: timedelta | None
    keep_favourites: bool
    is_confirmed: bool
    """Whether to delete it, and not only to say it."""


def days(typed: str) -> timedelta:
    """Read `30d` or `30`. Raises ArgumentTypeError."""
    match = re.fullmatch(r"([0-9]{1,5})d?", typed)
    if match is None:
        raise argparse.ArgumentTypeError("must be a number of days, such as 30d")
    return timedelta(days=int(match[1]))


async def prune(settings: Settings, wanted: Prune) -> None:
    """Print what goes, and delete it if that is confirmed.

    Raises CannotStart, StorageUnavailable, OSError.
    """
    await migrate(settings.database)
    try:
        pictures = open_pictures(settings)
        async with Database(settings.database) as database:
            freed = await _Pruning(database, pictures, wanted).run()
    except (PictureNotRemoved, WrongPicturePlace) as error:
        raise CannotStart(str(error)) from error
    verb = "freed" if wanted.is_confirmed else "would be freed"
    print(f"{_megabytes(freed)} {verb}.")
    used = await asyncio.to_thread(used_bytes, settings.data_folder)
    free = await asyncio.to_thread(free_bytes, settings.data_folder)
    print(f"The data folder has {_megabytes(used)}, and its disk {_megabytes(free)} left.")
    if not wanted.is_confirmed:
        print("Nothing was deleted. Add --yes to delete it.")


class _Pruning:
    """One run of the command."""

    def __init__(self, database: Database, pictures: PictureStore, wanted: Prune) -> None:
        self._database = database
        self._pictures = pictures
        self._wanted = wanted

    async def run(self) -> int:
        """Returns how many bytes are freed, or would be."""
        return await self._orphans() + await self._start_pictures() + await self._old_pictures()

    async def _orphans(self) -> int:
        """Files of pictures without a row: a crash came in between."""
        count = size = 0
        async for lost in orphans(self._database, self._pictures, older_than_s=MIN_AGE_S):
            if self._wanted.is_confirmed:
                await self._pictures.files.delete([file.name for file in lost])
            count += len(lost)
            size += sum(file.size for file in lost)
        print(f"{count} files of pictures that nothing names: {_megabytes(size)}")
        return size

    async def _start_pictures(self) -> int:
        kept = StartPictures(self._database, self._pictures)
        digests = await kept.unnamed()
        all_kept = await self._pictures.all_kept(older_than_s=MIN_AGE_S)
        size = sum(file.size for file in all_kept if file.name in digests)
        if self._wanted.is_confirmed:
            await kept.drop(digests)
        print(f"{len(digests)} start pictures that nothing names: {_megabytes(size)}")
        return size

    async def _old_pictures(self) -> int:
        count = size = 0
        async for some, limit in self._too_old():
            going = some
            if self._wanted.is_confirmed:
                expired = frozenset(await self._pictures.expire(some, limit.ended_before))
                await retention.mark_expired(self._database, expired, datetime.now(UTC))
                going = [picture for picture in some if picture.id in expired]
            count += len(going)
            size += sum(picture.bytes_size for picture in going)
        if self._wanted.older_than is not None:
            print(f"{count} files of old pictures: {_megabytes(size)}")
        return size

    async def _too_old(self) -> AsyncIterator[tuple[list[Picture], Limit]]:
        if self._wanted.older_than is None:
            return
        limit = Limit(
            datetime.now(UTC) - self._wanted.older_than,
            keep_favourites=self._wanted.keep_favourites,
        )
        last: retention.JobEnd | None = retention.START
        while last is not None:
            found = await retention.too_old(self._database, limit, last)
            last = found.last
            yield list(found.pictures), limit


def _megabytes(count: int) -> str:
    return f"{count / 10**6:,.1f} MB"

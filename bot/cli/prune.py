"""`darkroom prune`: say what may be deleted from the data folder, and with `--yes` delete it.

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
from storage.database import Database, migrate
from storage.pictures import KEPT_FOLDER, Picture, PictureFolder, PictureNotRemoved, retention
from storage.pictures.disk import (
    FoundFile,
    delete_files,
    free_bytes,
    orphans,
    picture_files,
    used_bytes,
)
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
    folder = PictureFolder(settings.picture_folder)
    async with Database(settings.database) as database:
        try:
            freed = await _Pruning(settings, database, folder, wanted).run()
        except PictureNotRemoved as error:
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

    def __init__(
        self, settings: Settings, database: Database, folder: PictureFolder, wanted: Prune
    ) -> None:
        self._root = settings.picture_folder
        self._database = database
        self._folder = folder
        self._wanted = wanted

    async def run(self) -> int:
        """Returns how many bytes are freed, or would be."""
        return await self._orphans() + await self._start_pictures() + await self._old_pictures()

    async def _orphans(self) -> int:
        """Files of pictures without a row: a crash came in between."""
        files = await asyncio.to_thread(picture_files, self._root, older_than_s=MIN_AGE_S)
        lost = await orphans(self._database, files)
        if self._wanted.is_confirmed:
            await asyncio.to_thread(delete_files, lost)
        return _said("files of pictures that nothing names", lost)

    async def _start_pictures(self) -> int:
        kept = StartPictures(self._database, self._folder)
        digests = await kept.unnamed()
        places = (self._root / KEPT_FOLDER / digest for digest in digests)
        found = [FoundFile(place, place.stat().st_size) for place in places if place.exists()]
        if self._wanted.is_confirmed:
            await kept.drop(digests)
        return _said("start pictures that nothing names", found)

    async def _old_pictures(self) -> int:
        count = size = 0
        async for some, limit in self._too_old():
            going = some
            if self._wanted.is_confirmed:
                expired = frozenset(await self._folder.expire(some, limit.ended_before))
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


def _said(what: str, files: tuple[FoundFile, ...] | list[FoundFile]) -> int:
    size = sum(file.size for file in files)
    print(f"{len(files)} {what}: {_megabytes(size)}")
    return size


def _megabytes(count: int) -> str:
    return f"{count / 10**6:,.1f} MB"

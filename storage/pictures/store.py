"""The pictures: finished ones, and those that jobs start from, wherever their files are.

A finished picture's file is named after its job, its place and the job's try; a start picture's
after the digest of its contents. Knows PNG files. Knows nothing of how pictures are made or shown.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from weakref import WeakValueDictionary

from storage.pictures.files import (
    KEPT_FOLDER,
    PARTIAL_SUFFIX,
    PictureFiles,
    PictureMissing,
    PictureNotRemoved,
    PicturesUnavailable,
    StoredFile,
)
from storage.pictures.new_pictures import digest, examined, file_name
from storage.pictures.records import NewPicture, Picture

MAX_PICTURES_OF_JOB = 16
"""Pictures that a job has at most."""

CLEARED_TRIES = 8
"""Of how many first and of how many last tries of a job files are deleted. Where an engine refuses
for hours, there are thousands; hardly one of them has left a file."""


class PictureStore:
    """Saves and reads pictures, and deletes them."""

    def __init__(self, files: PictureFiles) -> None:
        self.files = files
        self._keeping: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def written_bytes(self) -> int:
        """How many bytes this process has written to the disk of this machine."""
        return self.files.written_bytes

    async def save(
        self,
        job_id: str,
        index: int,
        seed: int,
        png: bytes,
        *,
        attempt: int = 1,
        checked: bool = False,
    ) -> NewPicture:
        """Check that `png` is a whole PNG and store it, completely or not at all.

        `attempt` is by which try of the job it was made (`Job.attempts`). Of one that was `checked`
        before the pixels are not decoded again. Saving the picture of the same try again replaces
        it. Raises PictureNotSaved, PicturesUnavailable.
        """
        (saved,) = await self._save(job_id, {index: (seed, png)}, attempt, checked)
        return saved

    async def save_all(
        self,
        job_id: str,
        pictures: Sequence[tuple[int, bytes]],
        *,
        attempt: int = 1,
        checked: bool = False,
        on_sound: Callable[[Sequence[NewPicture]], None] | None = None,
    ) -> Sequence[NewPicture]:
        """The same for all pictures of a job, side by side: their seeds and PNGs, in order.

        All are written or none. `on_sound` is called when they have been checked, and may not be
        stored yet. Raises PictureNotSaved, PicturesUnavailable.
        """
        return await self._save(job_id, dict(enumerate(pictures)), attempt, checked, on_sound)

    async def read(self, picture: Picture) -> bytes:
        """Return the PNG exactly as it was saved. Raises PictureMissing, PicturesUnavailable."""
        return await self._read(
            picture.file, picture.sha256, f"Picture {picture.index + 1} of this job"
        )

    async def remove(self, pictures: Sequence[NewPicture]) -> None:
        """Delete files; those that are missing already are no error.

        Raises PictureNotRemoved.
        """
        await self.files.delete([picture.file for picture in pictures])

    async def expire(self, pictures: Sequence[Picture], before: datetime) -> tuple[str, ...]:
        """Delete those files that were written before; returns the ids of the pictures without one.

        Raises PictureNotRemoved, PicturesUnavailable.
        """
        found = await self.files.look([picture.file for picture in pictures])
        expired = [
            picture
            for picture in pictures
            if picture.file not in found or found[picture.file].modified < before
        ]
        await self.remove([picture for picture in expired if picture.file in found])
        return tuple(picture.id for picture in expired)

    async def remove_of_jobs(self, attempts: Mapping[str, int]) -> None:
        """Delete all files of these jobs' pictures, also those without a row.

        `attempts` is how often each job was tried, by its id; see CLEARED_TRIES. `darkroom prune`
        finds what a try between them has left. Raises PictureNotRemoved.
        """
        await self.files.delete(
            [
                file_name(job_id, index, attempt)
                for job_id, last in attempts.items()
                for attempt in _cleared(last)
                for index in range(MAX_PICTURES_OF_JOB)
            ]
        )

    async def keep(self, picture: bytes) -> str:
        """Store a start picture; returns its SHA-256, its name.

        Keeping it again changes nothing. Raises PictureNotSaved, PicturesUnavailable.
        """
        sha256 = await asyncio.to_thread(digest, picture)
        # Two calls with the same picture must not write to one file at once.
        async with self._keeping.setdefault(sha256, asyncio.Lock()):
            await self.files.put({_kept(sha256): picture})
        return sha256

    async def kept(self, sha256: str) -> bytes:
        """The start picture of this digest. Raises PictureMissing, PicturesUnavailable."""
        # Nothing that a person typed may become a path.
        assert re.fullmatch(r"[0-9a-f]{64}", sha256)
        return await self._read(_kept(sha256), sha256, "The picture that this job starts from")

    async def all_kept(self, *, older_than_s: float) -> tuple[StoredFile, ...]:
        """Start pictures of at least this age; each is named by its digest.

        Also deletes files of that age that a crash left half written. Raises PicturesUnavailable,
        PictureNotRemoved, OSError.
        """
        kept, unfinished = [], []
        async for files in _old(self.files.all(KEPT_FOLDER), older_than_s):
            for file in files:
                name = file.name.removeprefix(f"{KEPT_FOLDER}/")
                if re.fullmatch(r"[0-9a-f]{64}", name):
                    kept.append(StoredFile(name, file.size, file.modified))
                elif name.endswith(PARTIAL_SUFFIX):
                    unfinished.append(file.name)
        await self.files.delete(unfinished)
        return tuple(kept)

    async def forget(self, digests: Collection[str]) -> int:
        """Delete the start pictures of these names, where they exist; returns how many.

        Those that cannot be deleted now stay.
        """
        names = [_kept(one) for one in digests]
        try:
            found = await self.files.look(names)
            await self.files.delete(list(found))
        except (PictureNotRemoved, PicturesUnavailable):
            return 0
        return len(found)

    def old_files(self, *, older_than_s: float) -> AsyncIterator[Sequence[StoredFile]]:
        """The files of finished pictures, whole or left half written, of at least this age.

        Raises PicturesUnavailable, OSError.
        """
        return _old(self.files.all(), older_than_s)

    async def _save(
        self,
        job_id: str,
        new: Mapping[int, tuple[int, bytes]],
        attempt: int,
        checked: bool,
        on_sound: Callable[[Sequence[NewPicture]], None] | None = None,
    ) -> Sequence[NewPicture]:
        """`new` are the seeds and PNGs by their indexes."""
        files = {file_name(job_id, index, attempt): png for index, (_, png) in new.items()}
        loop, pictures = asyncio.get_running_loop(), list[NewPicture]()
        # A thread of a pool does not know which job the caller is at work for.
        context = copy_context()

        def check() -> None:
            pictures[:] = examined(job_id, new, attempt=attempt, checked=checked)
            if on_sound is not None:
                loop.call_soon_threadsafe(on_sound, tuple(pictures), context=context)

        await self.files.put(files, check)
        return pictures

    async def _read(self, name: str, sha256: str, subject: str) -> bytes:
        picture = await self.files.get(name)
        if picture is None:
            raise PictureMissing(f"{subject} is no longer {self.files.place}.")
        if await asyncio.to_thread(digest, picture) != sha256:
            raise PictureMissing(f"{subject} is damaged {self.files.place}.")
        return picture


def _kept(sha256: str) -> str:
    return f"{KEPT_FOLDER}/{sha256}"


def _cleared(last: int) -> Sequence[int]:
    """The tries whose files are deleted, of so many."""
    tries = range(1, last + 1)
    return sorted({*tries[:CLEARED_TRIES], *tries[-CLEARED_TRIES:]})


async def _old(
    listed: AsyncIterator[Sequence[StoredFile]], older_than_s: float
) -> AsyncIterator[Sequence[StoredFile]]:
    latest = datetime.now(UTC) - timedelta(seconds=older_than_s)
    async for files in listed:
        yield [file for file in files if file.modified <= latest]

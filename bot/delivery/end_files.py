"""The files that show jobs that have ended, made while their pictures are still being stored.

What is made early is shown only if the very pictures that it was made of were stored.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.delivery.picture_marks import PictureMarks
from bot.images.grid import PictureFile, PictureTooLarge, compose_grid, fit
from bot.images.provenance import MAX_MARK_BYTES
from bot.policy.verdicts import Verdict
from storage.database import StorageUnavailable
from storage.jobs import Job
from storage.pictures import NewPicture, Picture

MAX_AGE_S = 30.0
"""Seconds after which what was made early is made anew: settings may have changed since then."""


@dataclass(frozen=True, slots=True)
class _Early:
    """A file that is being made of pictures with these digests. `begun` is by the loop's clock."""

    digests: tuple[str, ...]
    begun: float
    file: asyncio.Task[PictureFile]


class EndFiles:
    """Makes one signed file of the pictures of a job."""

    def __init__(self, marks: PictureMarks) -> None:
        self._marks = marks
        self._early: dict[str, _Early] = {}

    async def make(self, job: Job, pictures: Sequence[bytes], most_bytes: int) -> PictureFile:
        """The pictures as one file. Raises PictureTooLarge, StorageUnavailable."""
        recipe = await self._marks.has_recipe(job)
        room = most_bytes - MAX_MARK_BYTES
        file = await asyncio.to_thread(
            lambda: fit(compose_grid(pictures, recipe=recipe), room, job.file_format)
        )
        return await self._marks.mark(file, await self._marks.origin(job))

    def begin(self, job: Job, saved: Sequence[NewPicture], pictures: Sequence[bytes]) -> None:
        """Begin with the file of a job whose pictures are sound, and are being stored.

        Whoever begins calls `forget` once the job's end is shown, or will not be.
        """
        self.forget(job.id)
        if job.verdict >= Verdict.REVIEW:
            return
        making = asyncio.create_task(self.make(job, pictures, job.attachment_limit))
        # Nobody may ask for it.
        making.add_done_callback(lambda done: done.cancelled() or done.exception())
        digests = tuple(picture.sha256 for picture in saved)
        self._early[job.id] = _Early(digests, asyncio.get_running_loop().time(), making)

    async def early(
        self, job: Job, stored: Sequence[Picture], most_bytes: int
    ) -> PictureFile | None:
        """What was made early, or is being made; None if that is not of these pictures."""
        early = self._early.get(job.id)
        if early is None or most_bytes != job.attachment_limit:
            return None
        if asyncio.get_running_loop().time() - early.begun > MAX_AGE_S:
            return None
        if early.digests != tuple(picture.sha256 for picture in stored):
            return None
        await asyncio.wait([early.file])
        if early.file.cancelled():  # by `forget`, which must not end whoever waits here
            return None
        try:
            return early.file.result()
        except (PictureTooLarge, StorageUnavailable):
            return None

    def forget(self, job_id: str) -> None:
        """Drop what was made early for a job, if anything was."""
        early = self._early.pop(job_id, None)
        if early is not None:
            early.file.cancel()

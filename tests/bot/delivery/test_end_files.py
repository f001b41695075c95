"""The files that show jobs that have ended, made before anybody asks for them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.delivery.end_files import EndFiles
from bot.images.grid import PictureFile
from storage import pictures
from storage.database import Database
from storage.jobs import Job, finish, get
from storage.pictures import NewPicture
from tests.support.stored_jobs import claim, queue


class Held(EndFiles):
    """Makes no file until it is let go on."""

    def __init__(self) -> None:
        nobody: Any = None
        super().__init__(nobody)
        self.go_on = asyncio.Event()

    async def make(self, job: Job, pictures: Sequence[bytes], most_bytes: int) -> PictureFile:
        await self.go_on.wait()
        raise AssertionError("it was forgotten before")


async def test_what_is_forgotten_while_somebody_waits_for_it_is_made_anew(
    database: Database,
) -> None:
    """Two may show the end of a job at once; the one that has done ends nothing for the other."""
    await queue(database)
    job = await claim(database)
    saved = [NewPicture(0, 7, 8, 8, "a" * 64, "x.png", 9)]
    files = Held()
    files.begin(job, saved, [b"x"])
    await finish(database, job.id, saved)
    ended = await get(database, job.id)
    assert ended is not None
    stored = await pictures.of_job(database, job.id)
    waiting = asyncio.create_task(files.early(ended, stored, ended.attachment_limit))
    await asyncio.sleep(0)
    files.forget(job.id)
    assert await waiting is None

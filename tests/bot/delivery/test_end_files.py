"""Files that are made early, while the pictures of a job are being stored."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.delivery.end_files import EndFiles
from bot.delivery.picture_marks import PictureMarks
from bot.images.credentials import own_credentials
from bot.images.provenance import PictureMarker
from storage.database import Database
from storage.pictures import NewPicture, Picture, PictureFolder, PictureStore
from tests.support.pictures import picture
from tests.support.stored_jobs import queue

PNG = picture("red", (64, 64))
SAVED = NewPicture(0, 7, 64, 64, "digest", "file.png", len(PNG))
STORED = Picture(0, 7, 64, 64, "digest", "file.png", len(PNG), id="job_0", job_id="job")


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Iterator[EndFiles]:
    marker = PictureMarker(own_credentials(tmp_path / "c2pa.pem"))
    store = PictureStore(PictureFolder(tmp_path / "pictures"))
    yield EndFiles(PictureMarks(database, store, marker))
    marker.close()


async def test_who_waits_for_a_file_goes_on_when_it_is_forgotten(
    files: EndFiles, database: Database
) -> None:
    (job,) = await queue(database)
    files.begin(job, [SAVED], [PNG])
    waiting = asyncio.create_task(files.early(job, [STORED], job.attachment_limit))
    await asyncio.sleep(0)  # it has begun to wait
    files.forget(job.id)
    # Another shows the job's end too: what was forgotten is made anew.
    assert await waiting is None


async def test_a_file_that_could_not_be_made_early_is_left_to_whoever_shows_it(
    files: EndFiles, database: Database
) -> None:
    (job,) = await queue(database)
    files.begin(job, [SAVED], [b"no picture"])
    assert await files.early(job, [STORED], job.attachment_limit) is None

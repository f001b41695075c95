"""Removed messages, copies and pictures stay removed, and who removed them is stored."""

from pathlib import Path

import pytest

from storage import jobs, members, pictures, removals
from storage.database import Database
from storage.models import RemovedBy
from storage.pictures import PictureFolder, PictureMissing, PictureNotRemoved, PictureStore
from storage.removals import Copy
from tests.support.stored_jobs import claim, favourites, queue, read

HERE, THERE = 1_200_000_000_000_000_000, 1_200_000_000_000_000_001


async def test_who_took_a_message_away_first_stays(database: Database) -> None:
    (job,) = await queue(database)
    assert job.message_id is not None
    assert (await read(database, job.id)).removed_by is None
    await removals.note(database, job.id, job.message_id + 1, RemovedBy.MODERATOR)
    assert (await read(database, job.id)).removed_by is None
    await removals.note(database, job.id, job.message_id, RemovedBy.MEMBER)
    await removals.note(database, job.id, job.message_id, RemovedBy.MODERATOR)
    assert (await read(database, job.id)).removed_by is RemovedBy.MEMBER
    await removals.take_back(database, job.id)
    assert (await read(database, job.id)).removed_by is None
    # A moderator's word holds whatever was before, and is not taken back.
    await removals.note(database, job.id, job.message_id, RemovedBy.MEMBER)
    await removals.take_down(database, job.id)
    await removals.take_back(database, job.id)
    assert (await read(database, job.id)).removed_by is RemovedBy.MODERATOR


async def test_copies_are_known_by_job_and_channel(database: Database) -> None:
    one, other = await queue(database, count=2)
    for number, (job, channel_id) in enumerate(((one, HERE), (one, THERE), (one, HERE))):
        await removals.add_copy(database, job.id, Copy(channel_id, number + 1))
    await removals.add_copy(database, other.id, Copy(HERE, 9))
    await removals.add_copy(database, other.id, Copy(HERE, 9))
    assert await removals.copies(database, one.id) == [Copy(HERE, 3), Copy(THERE, 2), Copy(HERE, 1)]
    assert await removals.copies(database, one.id, HERE) == [Copy(HERE, 3), Copy(HERE, 1)]
    assert await removals.copies(database, other.id) == [Copy(HERE, 9)]
    await removals.forget_copy(database, 3)
    assert await removals.copies(database, one.id, HERE) == [Copy(HERE, 1)]


async def test_pictures_go_with_their_files_rows_and_hearts(
    database: Database, tmp_path: Path, png: bytes
) -> None:
    folder = PictureStore(PictureFolder(tmp_path / "pictures"))
    made = []
    for _ in range(2):
        await queue(database)
        job = await claim(database)
        saved = await folder.save(job.id, 0, 7, png)
        assert await jobs.finish(database, job.id, [saved])
        (picture,) = await pictures.of_job(database, job.id)
        await members.toggle_favourite(database, 1, "ada", picture.id)
        made.append(picture)
    gone, kept = made
    await folder.remove([gone])
    await removals.forget_pictures(database, gone.job_id)
    with pytest.raises(PictureMissing):
        await folder.read(gone)
    assert await pictures.of_job(database, gone.job_id) == ()
    assert await favourites(database, 1) == {kept.id}
    assert await folder.read(kept) == png
    await folder.remove([gone])
    (tmp_path / "pictures" / gone.file).mkdir()
    with pytest.raises(PictureNotRemoved, match="cannot be used"):
        await folder.remove([gone])

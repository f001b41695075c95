"""What is deleted is deleted: rows, and the bytes in the files of the database."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage import drafts, history, jobs, members, removals, unwanted_messages
from storage.database import Database, files_of
from storage.members import Preferences
from storage.models import Base, JobKind, JobState
from storage.pictures import PictureFolder, PictureStore, of_job
from storage.privacy import erasure
from storage.privacy.export import rows_about
from storage.removals import Copy
from tests.support.stored_jobs import claim, favourites, new_job, queue, read

ADA, BEN = 1, 2
SECRET = "a heron over the salt marsh"


async def done(
    database: Database, tmp_path: Path, png: bytes, member_id: int = ADA, **job: Any
) -> str:
    """A finished job with one picture."""
    await queue(database, member_id, **job)
    claimed = await claim(database)
    folder = PictureStore(PictureFolder(tmp_path / "pictures"))
    picture = await folder.save(claimed.id, 0, 7, png)
    assert await jobs.finish(database, claimed.id, [picture])
    return claimed.id


async def erase(database: Database, member_id: int) -> None:
    await erasure.ask(database, member_id)
    while some := await erasure.some_jobs(database, member_id):
        await erasure.erase_jobs(database, [job.id for job in some])
    assert await erasure.forget_member(database, member_id) is not None
    await database.scrub()
    await erasure.done(database, member_id)


async def everything(database: Database) -> str:
    """All rows of all tables, as text."""
    async with database.reading() as session:
        rows = [
            str((await session.execute(select(table))).all())
            for table in Base.metadata.tables.values()
        ]
    return "\n".join(rows)


async def test_everything_about_a_member_goes_and_nothing_of_others(
    database: Database, tmp_path: Path, png: bytes
) -> None:
    prompt = {"prompt": SECRET, "request": {"prompt": SECRET}, "member_name": "Ada Lovelace"}
    first = await done(database, tmp_path, png, **prompt)
    child = await done(database, tmp_path, png, **prompt, parent_id=first, parent_index=0)
    bens = await done(database, tmp_path, png, BEN, prompt="a boat", member_name="Ben")
    await queue(database, ADA, 3, **prompt)
    await members.save_preferences(database, ADA, "Ada Lovelace", Preferences(suffix=SECRET))
    await members.set_option(database, ADA, "Ada Lovelace", "mine", SECRET, limit=9)
    await drafts.keep(database, ADA, {"prompts": [SECRET]})
    (picture,) = await of_job(database, bens)
    await members.toggle_favourite(database, ADA, "Ada Lovelace", picture.id)
    await members.toggle_favourite(database, BEN, "Ben", picture.id)
    assert SECRET in await everything(database)
    await erase(database, ADA)
    left = await everything(database)
    assert SECRET not in left
    assert "Lovelace" not in left
    assert first not in left
    assert child not in left
    assert await favourites(database, BEN) == {picture.id}
    assert (await read(database, bens)).prompt == "a boat"
    assert await erasure.asked(database) == []
    assert [rows async for rows in rows_about(database, ADA)] == []


async def test_other_members_jobs_stay_and_point_to_an_empty_row(
    database: Database, tmp_path: Path, png: bytes
) -> None:
    first = await done(database, tmp_path, png, prompt=SECRET, request={"prompt": SECRET})
    second = await done(database, tmp_path, png, prompt=SECRET, parent_id=first)
    bens = await done(
        database, tmp_path, png, BEN, prompt="of Ben", kind=JobKind.VARY, parent_id=second
    )
    await erase(database, ADA)
    job = await read(database, bens)
    assert job.parent_id == second
    assert await jobs.parent_of(database, job) is None
    assert await jobs.get(database, second) is None
    left = await everything(database)
    assert first not in left  # nothing is made from it any more
    assert SECRET not in left
    # It counts for nobody, and does not come back.
    assert await jobs.ended_unshown(database) == (await read(database, bens),)
    assert (await jobs.in_queue(database)).waiting == ()
    assert await history.latest(database, ADA) is None
    with pytest.raises(jobs.ParentGone):
        await jobs.add(database, [new_job(BEN, parent_id=second)], limit=None)
    # With the last job that was made from it, the empty row goes too.
    await erase(database, BEN)
    assert second not in await everything(database)


async def test_messages_are_noted_also_those_that_are_posted_too_late(
    database: Database, tmp_path: Path, png: bytes
) -> None:
    job_id = await done(database, tmp_path, png)
    job = await read(database, job_id)
    await removals.add_copy(database, job_id, Copy(5, 50))
    (unposted,) = await jobs.add(database, [new_job(ADA)], limit=None)
    await erase(database, ADA)
    await jobs.attach_message(database, unposted.id, 6, 60)
    await removals.add_copy(database, job_id, Copy(7, 70))
    noted = await unwanted_messages.first(database, 10)
    places = {(one.channel_id, one.message_id) for one in noted}
    assert places == {(5, 50), (6, 60), (7, 70), (job.channel_id, job.message_id)}
    for one in noted:
        await unwanted_messages.forget(database, one.message_id)
    assert await unwanted_messages.first(database, 10) == []


async def test_a_job_that_is_queued_at_the_last_moment_is_erased_too(database: Database) -> None:
    await queue(database, ADA)
    assert await erasure.forget_member(database, ADA) is None
    (job,) = await erasure.some_jobs(database, ADA)
    assert job.state is JobState.QUEUED
    assert job.member_name == replace(job).member_name != ""
    await erase(database, ADA)
    assert await erasure.some_jobs(database, ADA) == []


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
async def test_a_deleted_prompt_is_not_in_the_bytes_of_the_database(
    database: Database, migrated: str, tmp_path: Path, png: bytes
) -> None:
    for number in range(40):
        prompt = f"{SECRET} {number} " + "reeds " * 200
        await done(database, tmp_path, png, prompt=prompt, request={"prompt": prompt})
    await members.set_option(database, ADA, "Ada Lovelace", "mine", SECRET, limit=9)
    await done(database, tmp_path, png, BEN, prompt="of Ben")
    # Older versions did not overwrite what they deleted; and the log stays while anybody is there.
    with closing(sqlite3.connect(files_of(migrated)[0])) as other:
        older = (f"INSERT INTO options VALUES (1, '{n}', '{SECRET}')" for n in range(50))
        other.execute("PRAGMA secure_delete = OFF")  # some systems have it on
        other.executescript(";".join([*older, "DELETE FROM options WHERE name <> 'mine'"]))
        await erase(database, ADA)
        check(migrated)
    check(migrated)


def check(migrated: str) -> None:
    there = [file for file in files_of(migrated) if file.exists()]
    assert there
    for file in there:
        content = file.read_bytes()
        assert SECRET.encode() not in content, file.name
        assert b"Lovelace" not in content, file.name
    assert b"of Ben" in there[0].read_bytes()


@pytest.mark.parametrize("kind", ["postgres"], indirect=True)
async def test_who_is_forgotten_already_and_asks_again_meanwhile_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There was no row of theirs to lock, so that the new job would have waited."""
    drop = erasure._drop_reviews

    async def ask_meanwhile(*arguments: Any) -> None:
        await queue(database, ADA)
        await drop(*arguments)

    monkeypatch.setattr(erasure, "_drop_reviews", ask_meanwhile)
    assert await erasure.forget_member(database, ADA) == frozenset()
    assert await history.latest(database, ADA) is not None

"""Which message shows a job: each change may be made again, after a kill at any moment."""

from storage import jobs
from storage.database import Database
from tests.support.stored_jobs import claim, queue, read


async def test_it_is_known_since_when_an_end_is_posted(database: Database) -> None:
    (job,) = await queue(database)
    assert await jobs.begin_end(database, job.id) is None
    since = await jobs.begin_end(database, job.id)
    assert since is not None
    assert await jobs.begin_end(database, job.id) == since


async def test_an_end_that_never_came_is_forgotten_when_its_job_is_claimed_again(
    database: Database,
) -> None:
    (job,) = await queue(database)
    await claim(database)
    # Noted while its pictures were stored; then the bot was killed.
    assert await jobs.begin_end(database, job.id) is None
    assert await jobs.requeue(database, job.id)
    await claim(database)
    assert await jobs.begin_end(database, job.id) is None


async def test_the_message_before_the_end_is_left_over_until_it_is_forgotten(
    database: Database,
) -> None:
    first, second = await queue(database, count=2)
    claimed = await claim(database)
    assert claimed.id == first.id
    await jobs.finish(database, first.id, [])
    assert [job.id for job in await jobs.ended_unshown(database)] == [first.id]
    # Stored twice, it is still the message before that is left over.
    for _ in range(2):
        await jobs.attach_end(database, first.id, first.channel_id, 99)
    job = await read(database, first.id)
    assert (job.message_id, job.progress_id) == (99, first.message_id)
    assert job.shown_at is not None
    assert not await jobs.ended_unshown(database)
    assert [left.id for left in await jobs.with_progress_left(database)] == [first.id]
    await jobs.forget_progress(database, first.id)
    assert not await jobs.with_progress_left(database)
    assert (await read(database, first.id)).message_id == 99
    assert (await read(database, second.id)).message_id == second.message_id


async def test_a_first_message_that_is_the_end_leaves_nothing_over(database: Database) -> None:
    (job,) = await queue(database)
    await jobs.attach_message(database, job.id, job.channel_id, None)  # type: ignore[arg-type]
    await jobs.attach_end(database, job.id, job.channel_id, 99)
    stored = await read(database, job.id)
    assert (stored.message_id, stored.progress_id) == (99, None)


async def test_jobs_are_counted_by_their_token(database: Database) -> None:
    await queue(database, count=3, reply_token="one")
    await queue(database, reply_token="other")
    await queue(database)
    assert await jobs.count_by_token(database, "one") == 3
    assert await jobs.count_by_token(database, "none") == 0

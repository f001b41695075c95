"""Leases on Postgres: what is not renewed is taken up, and who comes back can do no harm."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, update

from storage import duties, jobs, pictures, unwanted_messages
from storage.database import Database
from storage.jobs import Job
from storage.models import DutyRow, JobRow, JobState
from storage.pictures import NewPicture
from storage.rules import quotas
from storage.rules.quotas import Period
from tests.support.stored_jobs import claim, in_line, new_job, queue, read

SERVER, MEMBER = 1_100_000_000_000_000_000, 1
PAST = func.now() - timedelta(seconds=1)


@pytest.fixture
def kind() -> str:
    return "postgres"


async def expire(database: Database) -> None:
    """As if all bots had died and their time were over."""
    async with database.transaction() as session:
        await session.execute(
            update(JobRow).where(JobRow.leased_until.is_not(None)).values(leased_until=PAST)
        )
        await session.execute(update(DutyRow).values(held_until=PAST))


def picture_of(job: Job) -> NewPicture:
    return NewPicture(0, 7, 8, 8, "ab" * 32, f"{job.id}_0.png", 100)


async def test_only_what_is_not_renewed_goes_back_to_its_place(database: Database) -> None:
    first, second, third = await queue(database, count=3)
    one, two = await claim(database), await claim(database)
    assert [one.id, two.id] == [first.id, second.id]
    assert await jobs.requeue_expired(database) == 0
    await expire(database)
    assert await jobs.renew(database, {two.id: two.lease}) == {two.id}
    assert await jobs.requeue_expired(database) == 1
    assert await in_line(database) == [first.id, third.id]
    assert (await read(database, first.id)).started_at is None
    assert (await read(database, second.id)).state is JobState.RUNNING
    again = await claim(database)
    assert (again.id, again.attempts) == (first.id, 2)
    assert again.lease > one.lease


async def test_a_claim_whose_answer_was_lost_is_taken_up(database: Database) -> None:
    (job,) = await queue(database)
    await claim(database)
    await expire(database)
    # Its bot lives, and renews what it knows of.
    assert await jobs.renew(database, {}) == set()
    assert await jobs.requeue_expired(database) == 1
    assert (await claim(database)).id == job.id


async def test_a_job_of_before_there_were_leases_is_taken_up(database: Database) -> None:
    (job,) = await queue(database)
    await claim(database)
    async with database.transaction() as session:
        await session.execute(update(JobRow).values(leased_until=None, lease=0))
    assert await jobs.requeue_expired(database) == 1
    assert (await claim(database)).id == job.id


@pytest.mark.parametrize("taken_again", [False, True], ids=["taken up", "claimed again"])
async def test_who_comes_back_from_a_pause_changes_nothing(
    database: Database, taken_again: bool
) -> None:
    (job,) = await queue(database, counted_pictures=4)
    old = await claim(database)
    await expire(database)
    assert await jobs.requeue_expired(database) == 1
    new = await claim(database) if taken_again else None
    before = await read(database, job.id)
    used = (await quotas.get_usage(database, SERVER, MEMBER)).used

    mine: dict[str, Any] = {"lease": old.lease}
    assert await jobs.renew(database, {old.id: old.lease}) == set()
    assert not await jobs.finish(database, old.id, [picture_of(old)], **mine)
    assert not await jobs.fail(database, old.id, "No.", **mine)
    assert not await jobs.requeue(database, old.id, **mine)
    assert not await jobs.set_request(database, old.id, {}, "another", 1, **mine)
    await jobs.let_go(database, {old.id: old.lease})
    assert await read(database, job.id) == before
    assert (await quotas.get_usage(database, SERVER, MEMBER)).used == used
    assert not await pictures.of_job(database, job.id)

    if new is not None:
        assert await jobs.renew(database, {new.id: new.lease}) == {new.id}
        assert await jobs.finish(database, new.id, [picture_of(new)], lease=new.lease)
        assert len(await pictures.of_job(database, job.id)) == 1
        usage = await quotas.get_usage(database, SERVER, MEMBER)
        assert usage.of(Period.DAY).pictures == 4


async def test_a_cancelled_job_is_lost_to_who_draws_it(database: Database) -> None:
    await queue(database)
    job = await claim(database)
    assert await jobs.cancel(database, job.id)
    assert await jobs.renew(database, {job.id: job.lease}) == set()
    # Any bot may show that, and only one.
    shown = await jobs.take(database, job.id)
    assert shown is not None
    assert shown.lease > job.lease
    assert await jobs.take(database, job.id) is None


async def test_what_a_stopped_bot_lets_go_of_is_there_for_others_at_once(
    database: Database,
) -> None:
    running, done = await queue(database, count=2)
    held = {job.id: job.lease for job in (await claim(database), await claim(database))}
    assert await jobs.finish(database, done.id, [], lease=held[done.id])
    assert await jobs.take(database, done.id) is None
    await jobs.let_go(database, held)
    assert await in_line(database) == [running.id]
    assert await jobs.take(database, done.id)


@pytest.mark.parametrize("ended", ["finish", "fail"])
async def test_who_ended_a_job_shows_it_and_nobody_else(database: Database, ended: str) -> None:
    await queue(database)
    job = await claim(database)
    end = {
        "finish": jobs.finish(database, job.id, [], lease=job.lease),
        "fail": jobs.fail(database, job.id, "No.", lease=job.lease),
    }
    assert await end.pop(ended)
    end.popitem()[1].close()
    assert await jobs.left_behind(database) == ()
    assert await jobs.take(database, job.id) is None
    assert await jobs.renew(database, {job.id: job.lease}) == {job.id}
    await expire(database)
    assert await jobs.left_behind(database) == (await read(database, job.id),)
    other = await jobs.take(database, job.id)
    assert other is not None
    assert await jobs.renew(database, {job.id: job.lease}) == set()
    await jobs.mark_shown(database, job.id, job.message_id)
    await expire(database)
    assert await jobs.left_behind(database) == ()
    assert await jobs.take(database, job.id) is None


async def test_who_adds_a_job_gives_it_its_message(database: Database) -> None:
    (job,) = await jobs.add(database, [new_job()], limit=None)
    assert await jobs.take(database, job.id) is None
    assert await jobs.renew(database, {job.id: job.lease}) == {job.id}
    await expire(database)
    assert await jobs.left_behind(database) == (await read(database, job.id),)
    taken = await jobs.take(database, job.id)
    assert taken is not None
    # The one whose turn it was cannot copy it any more, and its message comes too late.
    assert await jobs.claim_unposted(database, job.id, job.lease) is None
    assert await jobs.attach_message(database, job.id, 5, 60, seen=taken)
    assert not await jobs.attach_message(database, job.id, 5, 61, seen=job)
    assert (await read(database, job.id)).message_id == 60
    (unwanted,) = await unwanted_messages.first(database, 9)
    assert unwanted.message_id == 61
    # As with an answer of the database that was lost.
    assert await jobs.attach_message(database, job.id, 5, 60, seen=taken)
    assert (await claim(database)).id == job.id


async def test_of_two_ends_one_is_shown_and_the_other_is_deleted(database: Database) -> None:
    await queue(database, reply_token="token")
    job = await claim(database)
    assert await jobs.finish(database, job.id, [], lease=job.lease)
    seen = await read(database, job.id)
    assert await jobs.attach_end(database, job.id, job.channel_id, 70, seen=seen)
    assert not await jobs.attach_end(database, job.id, job.channel_id, 71, seen=seen)
    assert await jobs.attach_end(database, job.id, job.channel_id, 70, seen=seen)
    after = await read(database, job.id)
    assert (after.message_id, after.progress_id) == (70, job.message_id)
    (unwanted,) = await unwanted_messages.first(database, 9)
    assert (unwanted.message_id, unwanted.reply_token) == (71, "token")


async def test_a_progress_message_that_is_left_over_is_taken_up(database: Database) -> None:
    await queue(database)
    job = await claim(database)
    assert await jobs.finish(database, job.id, [], lease=job.lease)
    await jobs.attach_end(database, job.id, job.channel_id, 70)
    await jobs.mark_shown(database, job.id, 70)
    assert await jobs.left_behind(database) == ()
    await expire(database)
    assert await jobs.left_behind(database) == (await read(database, job.id),)
    assert await jobs.take(database, job.id)
    await jobs.forget_progress(database, job.id)
    await expire(database)
    assert await jobs.left_behind(database) == ()


async def test_a_duty_is_one_bots_until_it_dies(database: Database) -> None:
    assert await duties.take_on(database, "review:1", "ann")
    assert await duties.take_on(database, "review:1", "ann")
    assert not await duties.take_on(database, "review:1", "bob")
    assert await duties.renew(database, ["review:1", "other"], "ann") == {"review:1"}
    assert await duties.renew(database, ["review:1"], "bob") == set()
    assert await duties.abandoned(database, "review:") == ()
    await expire(database)
    assert await duties.abandoned(database, "review:") == ("review:1",)
    assert await duties.abandoned(database, "erasure:") == ()
    assert await duties.take_on(database, "review:1", "bob")
    assert await duties.renew(database, ["review:1"], "ann") == set()
    await duties.lay_down(database, ["review:1"], "ann")
    assert not await duties.take_on(database, "review:1", "ann")
    await duties.lay_down(database, ["review:1"], "bob")
    assert await duties.take_on(database, "review:1", "ann")


class TestOnSQLite:
    """One bot, whose leases do not end: nothing is written for them."""

    @pytest.fixture
    def kind(self) -> str:
        return "sqlite"

    @pytest.fixture
    async def running(self, database: Database) -> Job:
        await queue(database)
        return await claim(database)

    async def test_nothing_expires(self, database: Database, running: Job) -> None:
        assert await jobs.requeue_expired(database) == 0
        assert await jobs.renew(database, {running.id: running.lease}) == {running.id}

    async def test_the_next_start_takes_all_at_once(self, database: Database, running: Job) -> None:
        assert await jobs.requeue_unfinished(database) == 1
        again = await claim(database)
        assert (again.id, again.attempts) == (running.id, 2)
        assert not await jobs.finish(database, running.id, [], lease=running.lease)
        assert await jobs.finish(database, running.id, [], lease=again.lease)

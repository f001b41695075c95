"""Totals are counted with each end: they are what counting all jobs comes to, whatever happens."""

import asyncio
import random
from collections import Counter

import pytest
from sqlalchemy import delete, func, select

from storage import jobs, removals
from storage.database import Database
from storage.jobs import Totals
from storage.models import JobRow, JobState, PictureRow, TotalsRow
from storage.pictures import NewPicture
from storage.privacy import erasure
from tests.support.stored_jobs import claim, queue

MEMBERS = (1, 2, 3)


def pictures(count: int) -> list[NewPicture]:
    return [NewPicture(n, 7, 24, 16, "ab" * 32, f"{n}.png", 100) for n in range(count)]


async def counted(database: Database, member_id: int) -> Totals:
    """The same, counted from all jobs and pictures."""
    of_member = JobRow.member_id == member_id
    async with database.reading() as session:
        rows = await session.execute(
            select(JobRow.state, func.count()).where(of_member).group_by(JobRow.state)
        )
        states = Counter(dict(rows.all()))
        made = await session.scalar(
            select(func.count())
            .select_from(PictureRow)
            .join(JobRow, JobRow.id == PictureRow.job_id)
            .where(of_member)
        )
    done, failed, cancelled = JobState.DONE, JobState.FAILED, JobState.CANCELLED
    return Totals(states[done], states[failed], states[cancelled], made or 0)


async def right(database: Database) -> bool:
    return all(
        [await jobs.totals(database, one) == await counted(database, one) for one in MEMBERS]
    )


@pytest.mark.parametrize("seed", range(2))
async def test_after_any_ends_and_deletions_they_are_right(database: Database, seed: int) -> None:
    chance, ended = random.Random(seed), list[str]()
    for _ in range(25):
        (queued,) = await queue(database, chance.choice(MEMBERS))
        step = chance.randrange(6)
        if step == 0:
            await jobs.cancel(database, queued.id)
        elif step == 1:
            await jobs.fail(database, (await claim(database)).id, "No.")
        elif step < 5:
            job = await claim(database)
            assert await jobs.finish(database, job.id, pictures(chance.randrange(5)))
            assert not await jobs.finish(database, job.id, pictures(1))
            ended.append(job.id)
        if ended and chance.random() < 0.2:
            await removals.forget_pictures(database, chance.choice(ended))
        if chance.random() < 0.1:
            some = chance.sample([*ended, queued.id], 1 + len(ended) // 3)
            await erasure.erase_jobs(database, some)
            ended = [one for one in ended if one not in some]
        assert await right(database)


async def test_jobs_of_before_are_counted_with_the_next_end_or_question(
    database: Database,
) -> None:
    for member_id in MEMBERS:
        await queue(database, member_id, count=2)
        await jobs.finish(database, (await claim(database)).id, pictures(2))
    async with database.transaction() as session:  # as a migration leaves it
        await session.execute(delete(TotalsRow))
    assert await jobs.totals(database, 1) == Totals(1, 0, 0, 2)
    await jobs.fail(database, (await claim(database)).id, "No.")
    assert await right(database)
    assert await jobs.totals(database, 99) == Totals(0, 0, 0, 0)


async def test_first_ends_at_once_are_all_counted(database: Database) -> None:
    await queue(database, 1, count=8)
    claimed = [await claim(database) for _ in range(8)]
    await asyncio.gather(
        *(jobs.finish(database, job.id, pictures(1)) for job in claimed),
        *(jobs.totals(database, 1) for _ in range(3)),
    )
    assert await jobs.totals(database, 1) == Totals(8, 0, 0, 8)
    assert await right(database)


async def test_a_deleted_member_has_none(database: Database) -> None:
    (job,) = await queue(database, 1)
    await jobs.finish(database, (await claim(database)).id, pictures(1))
    stored = await erasure.stored(database, 1)
    assert (stored.jobs, stored.pictures) == (1, 1)
    await erasure.erase_jobs(database, [job.id])
    assert (await erasure.stored(database, 1)).jobs == 0
    await erasure.forget_member(database, 1)
    async with database.reading() as session:
        assert await session.get(TotalsRow, 1) is None

"""The order of the queue: nobody waits behind another member's twenty jobs."""

import random
from collections import Counter

import pytest

from storage import jobs
from storage.database import Database
from storage.models import JobMode, JobState
from storage.queue_order import WaitingJob, first_claim, queue_order
from tests.support.stored_jobs import claim, in_line, new_job, queue, read


async def members_in_turn(database: Database, count: int) -> list[int]:
    return [(await claim(database)).member_id for _ in range(count)]


async def test_many_jobs_of_one_do_not_hold_up_another(database: Database) -> None:
    await queue(database, member_id=1, count=20)
    (single,) = await queue(database, member_id=2)
    assert (await in_line(database))[1] == single.id
    first = await claim(database)
    await jobs.finish(database, first.id, [])
    assert (await in_line(database))[0] == single.id
    assert (await claim(database)).id == single.id
    assert (await claim(database)).member_id == 1


async def test_who_has_fewest_running_comes_first(database: Database) -> None:
    await queue(database, member_id=1, count=3)
    assert await members_in_turn(database, 2) == [1, 1]
    await queue(database, member_id=2, count=3)
    assert await members_in_turn(database, 4) == [2, 2, 1, 2]


async def test_who_was_served_longest_ago_comes_next(database: Database) -> None:
    """One at a time, as with one slot: the running ones are equal, the last service decides."""
    for member_id in (1, 2, 3):
        await queue(database, member_id, count=3)
    served = []
    for _ in range(9):
        job = await claim(database)
        await jobs.finish(database, job.id, [])
        served.append(job.member_id)
    assert served == [1, 2, 3] * 3


async def test_who_was_never_served_comes_before_who_was(database: Database) -> None:
    await queue(database, member_id=1)
    await jobs.finish(database, (await claim(database)).id, [])
    await queue(database, member_id=1)
    await queue(database, member_id=2)
    assert await members_in_turn(database, 2) == [2, 1]


async def test_a_members_own_jobs_run_in_their_order(database: Database) -> None:
    added = await queue(database, count=5)
    assert [(await claim(database)).id for _ in added] == [job.id for job in added]


async def test_the_more_hurried_mode_comes_first_whoever_asks(database: Database) -> None:
    for mode in (JobMode.RELAX, JobMode.FAST, JobMode.TURBO):
        await queue(database, member_id=1, mode=mode)
    await queue(database, member_id=2, mode=JobMode.RELAX)
    claimed = [await claim(database) for _ in range(4)]
    assert [job.mode for job in claimed[:2]] == [JobMode.TURBO, JobMode.FAST]
    assert [job.member_id for job in claimed] == [1, 1, 2, 1]


async def test_the_line_begins_with_the_next(database: Database) -> None:
    added = await queue(database, count=3)
    (waiting,) = await jobs.add(database, [new_job()], limit=None)
    line = [job.id for job in (*added, waiting)]
    assert await in_line(database) == line
    assert (await claim(database)).id == line[0]
    assert await in_line(database) == line[1:]


@pytest.mark.parametrize("seed", range(3))
async def test_the_line_is_the_order_of_claiming(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(10):  # a past: some jobs running, some done, members served at various times
        await queue(database, chance.randrange(5), mode=chance.choice(list(JobMode)))
        if chance.random() < 0.6:
            job = await claim(database)
            if chance.random() < 0.5:
                await jobs.finish(database, job.id, [])
    waiting: set[str] = set()
    for member_id in range(5):
        for mode in JobMode:
            await queue(database, member_id, count=chance.randrange(2), mode=mode)
        waiting |= {
            job.id
            for job in await jobs.open_jobs(database, member_id)
            if job.state is JobState.QUEUED
        }
    line = await in_line(database)
    assert set(line) == waiting
    assert [(await claim(database)).id for _ in line] == line
    assert await jobs.claim_next(database) is None


def test_in_turn_loses_and_doubles_nothing() -> None:
    waiting = [WaitingJob(f"{i}", i % 7, None) for i in range(100)]
    order = queue_order(waiting, Counter({3: 2}))
    assert sorted(order) == sorted(job.job_id for job in waiting)
    assert order[:6] == ["0", "1", "2", "4", "5", "6"]


async def test_a_failed_job_frees_its_members_turn(database: Database) -> None:
    await queue(database, member_id=1, count=2)
    await queue(database, member_id=2, count=2)
    first, second = await claim(database), await claim(database)
    await jobs.fail(database, first.id, "No.")
    assert (await read(database, second.id)).state is JobState.RUNNING
    assert (await claim(database)).member_id == 1


def test_claims_one_by_one_are_in_the_order_of_all() -> None:
    """One member's jobs of many modes, so that only turns and the state between claims decide."""
    waiting = [
        WaitingJob(str(n), 1, None, tuple(JobMode)[n % 3], copied=n % 5 == 0) for n in range(30)
    ]
    order = queue_order(waiting, Counter())
    turn, virtual, claimed = 0, dict[JobMode, int](), []
    while waiting:
        claim = first_claim(waiting, Counter(), turn, virtual)
        turn, virtual = claim.turn, dict(claim.virtual)
        claimed.append(claim.job_id)
        waiting = [job for job in waiting if job.job_id != claim.job_id]
    assert claimed == order

"""Concurrent callers, and processes killed at any moment: real connections, real processes."""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from storage import jobs, pictures
from storage.database import Database
from storage.jobs import Job, TooManyJobs
from storage.jobs.claims import CANDIDATES
from storage.models import JobRow, JobState
from storage.pictures import NewPicture
from tests.support.stored_jobs import claim, new_job, queue, read, until


@pytest.fixture
async def several(migrated: str) -> AsyncIterator[list[Database]]:
    """The same database opened several times, as by several processes."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Database(migrated)) for _ in range(6)]


async def claim_all(database: Database) -> list[Job]:
    claimed = []
    while (job := await jobs.claim_next(database)) is not None:
        claimed.append(job)
    return claimed


async def test_dispatchers_claim_each_job_once(several: list[Database]) -> None:
    added = [job.id for m in range(4) for job in await queue(several[0], member_id=m, count=10)]
    claimed = await asyncio.gather(*map(claim_all, several))
    ids = [job.id for each in claimed for job in each]
    assert sorted(ids) == sorted(added)
    assert {job.attempts for each in claimed for job in each} == {1}


async def test_a_claim_passes_over_all_that_others_are_claiming(
    several: list[Database], kind: str
) -> None:
    if kind == "sqlite":
        pytest.skip("a file has one writer at a time")
    added = await queue(several[0], count=2 * CANDIDATES + 3)
    async with several[0].transaction() as session:
        others = [job.id for job in added[:-2]]
        await session.execute(select(JobRow).where(JobRow.id.in_(others)).with_for_update())
        claimed = await claim_all(several[1])
        assert [job.id for job in claimed] == [job.id for job in added[-2:]]


async def test_the_limit_holds_against_requests_at_once(several: list[Database]) -> None:
    asked = await asyncio.gather(
        *(jobs.add(several[i % 6], [new_job()], limit=3) for i in range(10)),
        return_exceptions=True,
    )
    assert Counter(type(answer) for answer in asked) == {tuple: 3, TooManyJobs: 7}
    assert len(await jobs.open_jobs(several[0], 1)) == 3


async def test_cancel_and_finish_cannot_both_win(several: list[Database]) -> None:
    wins: Counter[JobState] = Counter()
    for turn in range(12):
        (job,) = await queue(several[0])
        await claim(several[0])
        picture = NewPicture(0, 7, 8, 8, "ab" * 32, f"{job.id}_0.png", 100)
        race = [
            jobs.cancel(several[1], job.id),
            jobs.finish(several[2], job.id, [picture]),
            jobs.fail(several[3], job.id, "No."),
        ]
        order = [(turn + i) % 3 for i in range(3)]
        won = dict(zip(order, await asyncio.gather(*(race[i] for i in order)), strict=True))
        (winner,) = [i for i in range(3) if won[i]]
        state = (JobState.CANCELLED, JobState.DONE, JobState.FAILED)[winner]
        assert (await read(several[0], job.id)).state is state
        stored = await pictures.of_job(several[0], job.id)
        assert len(stored) == (1 if state is JobState.DONE else 0)
        wins[state] += 1
    assert wins.total() == 12


async def test_cancel_and_claim_cannot_both_win_the_end(several: list[Database]) -> None:
    """A job that is cancelled while it is claimed is cancelled, whichever came first."""
    for _ in range(8):
        (job,) = await queue(several[0])
        cancelled, _ = await asyncio.gather(
            jobs.cancel(several[1], job.id), jobs.claim_next(several[2])
        )
        assert cancelled
        assert (await read(several[0], job.id)).state is JobState.CANCELLED
        assert not await jobs.finish(several[2], job.id, [])


async def test_children_may_be_added_while_the_parent_is_claimed(several: list[Database]) -> None:
    """Both lock the same rows, and neither may wait for the other in a circle."""
    for _ in range(8):
        (parent,) = await queue(several[0])
        (added,), _ = await asyncio.gather(
            jobs.add(several[1], [new_job(parent_id=parent.id)], limit=None),
            jobs.claim_next(several[2]),
        )
        assert [job.id for job in await jobs.children(several[0], parent.id)] == [added.id]


@pytest.mark.parametrize("verb", ["claim", "finish"])
async def test_a_killed_process_loses_and_repeats_nothing(
    migrated: str, database: Database, verb: str
) -> None:
    """Killed with one job finished, one claimed, and one just being claimed (or finished)."""
    first, second, third = await queue(database, count=3)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("killed.py")),
        *(migrated, verb),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"here\n"
    process.kill()
    assert await process.wait() == -signal.SIGKILL

    assert await jobs.requeue_unfinished(database) == 1
    assert (await read(database, first.id)).state is JobState.DONE
    assert len(await pictures.of_job(database, first.id)) == 1
    assert await pictures.of_job(database, second.id) == ()
    again = await until(lambda: jobs.claim_next(database))
    assert (again.id, again.attempts) == (second.id, 2)
    assert await jobs.finish(database, second.id, [])
    # Postgres may take a moment to see that who held the third job is dead.
    last = await until(lambda: jobs.claim_next(database))
    assert (last.id, last.attempts) == (third.id, 1)
    assert await jobs.claim_next(database) is None

"""Several bots on one Postgres: any may be killed or paused at any moment."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.leases import Leases
from storage import jobs, pictures, unwanted_messages
from storage.database import Database, migrate
from storage.jobs import leases as job_leases
from storage.models import JobRow, JobState
from storage.rules import quotas
from storage.rules.quotas import Period
from tests.support.processes import RunningProcess
from tests.support.stored_jobs import claim, queue, read, until

WORKER = str(Path(__file__).with_name("drawing_worker.py"))
SERVER = 1_100_000_000_000_000_000


@pytest.fixture
async def shared(postgres_url: str) -> AsyncIterator[Database]:
    await migrate(postgres_url)
    async with Database(postgres_url) as database:
        yield database


async def all_jobs(database: Database) -> list[JobRow]:
    async with database.reading() as session:
        return list(await session.scalars(select(JobRow)))


async def all_shown(database: Database) -> bool:
    rows = await all_jobs(database)
    return all(row.shown_at is not None and row.progress_id is None for row in rows)


async def test_killed_and_paused_at_any_moment_each_job_is_done_and_shown_once(
    shared: Database, postgres_url: str
) -> None:
    chance = random.Random(20)
    added = [
        job
        for member in range(4)
        for job in await queue(shared, member, count=10, counted_pictures=1)
    ]
    async with AsyncExitStack() as stack:

        async def start() -> RunningProcess:
            worker = await stack.enter_async_context(RunningProcess(WORKER, postgres_url))
            await worker.printed("ready")
            return worker

        workers = [await start(), await start()]
        for _ in range(4):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            one = chance.randrange(2)
            if chance.random() < 0.5:
                workers[one].send(signal.SIGKILL)
                await workers[one].wait()
                workers[one] = await start()
            else:
                workers[one].send(signal.SIGSTOP)
                # Until its jobs have been taken up by the other.
                await asyncio.sleep(1.5)
                workers[one].send(signal.SIGCONT)
        await until(lambda: all_shown(shared))
    for job in added:
        row = await read(shared, job.id)
        assert row.state is JobState.DONE
        assert len(await pictures.of_job(shared, job.id)) == 1
    # Two messages of one job would leave one that is unwanted.
    assert not await unwanted_messages.first(shared, 99)
    for member in range(4):
        usage = await quotas.get_usage(shared, SERVER, member)
        assert usage.of(Period.DAY).pictures == 10


async def test_who_stood_still_holds_nothing_until_it_is_renewed(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await queue(shared)
    leases, lost = Leases(shared), []
    leases.on_loss(lost.extend)
    job = await claim(shared)
    with leases.holding(job):
        assert leases.holds(job)
        # As after a pause that was longer than the lease.
        leases._ends[job.id, job.lease] = 0.0
        assert not leases.holds(job)
        await leases.renew()
        assert leases.holds(job)
        monkeypatch.setattr(job_leases, "LEASE_S", -1.0)
        await leases.renew()
        assert await jobs.requeue_expired(shared) == 1
        await leases.renew()
        assert not leases.holds(job)
        assert lost == [(job.id, job.lease)]


async def test_what_fails_to_be_shown_is_free_for_others_at_once(shared: Database) -> None:
    await queue(shared)
    ours, others = Leases(shared), Leases(shared)
    job = await claim(shared)
    with ours.holding(job):
        assert await jobs.finish(shared, job.id, [], lease=job.lease)
        release = ours.hold_on(job.id)
    async with others.taking(job.id) as is_theirs:
        assert not is_theirs
    release()
    await jobs.let_go(shared, {job.id: job.lease})

    async def fail() -> None:
        async with ours.taking(job.id) as is_mine:
            assert is_mine
            raise OSError("Discord is away")

    with pytest.raises(OSError, match="Discord"):
        await fail()
    async with others.taking(job.id) as is_theirs:
        assert is_theirs
        async with ours.taking(job.id) as is_mine:
            assert not is_mine


async def test_what_a_stopped_bot_holds_is_let_go(shared: Database) -> None:
    (job,) = await queue(shared)
    leases, claimed = Leases(shared), await claim(shared)
    with leases.holding(claimed):
        async with leases.letting_go():
            pass
    assert (await read(shared, job.id)).state is JobState.QUEUED
    assert (await claim(shared)).id == job.id

"""Several bots on one Postgres: any may be killed or paused at any moment."""

import ast
import asyncio
import random
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import leases as bot_leases
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


def said(workers: Sequence[RunningProcess], verb: str, job_id: str) -> set[int]:
    """The numbers that workers printed with a verb and a job."""
    printed = "".join(worker.output for worker in workers)
    return {int(number) for number in re.findall(rf"{verb} {job_id} (\d+)\n", printed)}


async def test_killed_and_paused_at_any_moment_each_job_is_done_and_shown_once(
    shared: Database, postgres_url: str
) -> None:
    chance = random.Random(20)
    added = [
        job
        for member in range(4)
        for job in await queue(shared, member, count=5, counted_pictures=1)
    ]
    started: list[RunningProcess] = []
    async with AsyncExitStack() as stack:

        async def start() -> RunningProcess:
            worker = await stack.enter_async_context(RunningProcess(WORKER, postgres_url))
            started.append(worker)
            await worker.printed("ready")
            return worker

        workers = [await start(), await start()]
        for turn in range(4):
            await asyncio.sleep(chance.uniform(0.05, 0.4))
            one = chance.randrange(2)
            if turn % 2:
                workers[one].send(signal.SIGKILL)
                await workers[one].wait()
                workers[one] = await start()
            else:
                workers[one].send(signal.SIGSTOP)
                # Until its jobs have been taken up by the other.
                await asyncio.sleep(1.5)
                workers[one].send(signal.SIGCONT)
        await until(lambda: all_shown(shared))
    unwanted = {message.message_id for message in await unwanted_messages.first(shared, 99)}
    for job in added:
        row = await read(shared, job.id)
        assert row.state is JobState.DONE
        assert len(await pictures.of_job(shared, job.id)) == 1
        # Who finished it was the last one that claimed it.
        claimed, finished, posted = (
            said(started, verb, job.id) for verb in ("claimed", "finished", "posted")
        )
        assert len(finished) <= 1
        assert max(claimed) <= min(finished, default=max(claimed))
        # Of a second message, it is noted that it has to be deleted.
        assert posted - unwanted <= {row.message_id}
        assert row.message_id not in unwanted
    for member in range(4):
        usage = await quotas.get_usage(shared, SERVER, member)
        assert usage.of(Period.DAY).pictures == 5


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


async def test_what_is_not_yet_done_after_it_was_taken_can_be_taken_again_at_once(
    shared: Database,
) -> None:
    await queue(shared)
    ours, others = Leases(shared), Leases(shared)
    job = await claim(shared)
    assert await jobs.finish(shared, job.id, [], lease=job.lease)
    await jobs.let_go(shared, {job.id: job.lease})
    for some in (ours, ours, others):
        async with some.taking(job.id) as is_taken:
            assert is_taken
            # Who holds it here keeps it.
            async with some.taking(job.id) as is_still_taken:
                assert is_still_taken
            assert list(await jobs.left_behind(shared)) == []


async def test_what_a_stopped_bot_holds_is_let_go(shared: Database) -> None:
    (job,) = await queue(shared)
    leases, claimed = Leases(shared), await claim(shared)
    with leases.holding(claimed):
        async with leases.letting_go():
            pass
    assert (await read(shared, job.id)).state is JobState.QUEUED
    assert (await claim(shared)).id == job.id


def test_whatever_a_bot_does_with_a_running_job_names_its_lease() -> None:
    fenced = {"finish", "fail", "requeue", "set_request"}
    called, unnamed = set(), []
    for file in (Path(bot_leases.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="jobs"), attr=verb)):
                    called.add(verb)
                    if verb in fenced and "lease" not in [one.arg for one in node.keywords]:
                        unnamed.append(f"{file.name}:{node.lineno}")
    assert fenced <= called
    assert unnamed == []

"""A transaction that is cancelled in the middle leaves no lock and no task behind."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, text

from storage.database import Database, StorageUnavailable
from storage.models import MemberRow

TICKS = range(0, 60, 3)
"""After how many turns of the event loop it is cancelled: from connecting to the end."""


async def write(database: Database) -> None:
    async with database.transaction() as session:
        rows = await session.stream(text("SELECT 1 UNION SELECT 2"))
        assert await rows.first() is not None


async def cancelled_after(ticks: int, work: asyncio.Task[None], times: int) -> None:
    for _ in range(ticks):
        await asyncio.sleep(0)
    for _ in range(times):
        work.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(work, return_exceptions=True)


@pytest.mark.parametrize("times", [1, 2])
async def test_who_is_cancelled_gives_its_lock_back(
    migrated: str, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    for ticks in TICKS:
        async with Database(migrated) as database:
            writers = [asyncio.create_task(write(database)) for _ in range(3)]
            await asyncio.gather(*(cancelled_after(ticks, one, times) for one in writers))
            # Far less than the patience that a lock left behind would take.
            async with asyncio.timeout(10):
                await write(database)
    assert not caplog.records


async def test_closing_waits_for_transactions_and_lets_none_begin(migrated: str) -> None:
    database = Database(migrated)
    inside, leave = asyncio.Event(), asyncio.Event()

    async def linger() -> None:
        async with database.transaction() as session:
            inside.set()
            await leave.wait()
            await session.execute(text("SELECT 1"))

    lingering = asyncio.create_task(linger())
    await inside.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.sleep(0)
    with pytest.raises(StorageUnavailable, match="has closed it"):
        await write(database)
    assert not closing.done()
    leave.set()
    await lingering
    await closing


async def test_who_is_cancelled_twice_leaves_no_task_that_never_ends(migrated: str) -> None:
    for ticks in TICKS:
        async with Database(migrated) as database:
            work = asyncio.create_task(write(database))
            await cancelled_after(ticks, work, 2)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        if others:
            _, unending = await asyncio.wait(others, timeout=10)
            assert not unending, f"after {ticks} ticks"


async def test_who_is_cancelled_while_committing_commits_in_silence(
    migrated: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What SQLAlchemy does last, after the commit itself, is to give the connection back."""
    async with Database(migrated) as database:

        async def add_member() -> None:
            async with database.transaction() as session:
                session.add(MemberRow(id=1, name="Ann", first_seen=datetime.now(UTC)))

        @event.listens_for(database._engine.sync_engine.pool, "reset")
        def cancel_while_given_back(*_: object) -> None:
            work.cancel()

        work = asyncio.create_task(add_member())
        with pytest.raises(asyncio.CancelledError):
            await work
        event.remove(database._engine.sync_engine.pool, "reset", cancel_while_given_back)
        async with database.reading() as session:
            assert await session.get(MemberRow, 1) is not None
    assert not caplog.records

"""Readings that share a session, and when they must not."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storage import members, servers
from storage.database import Database, StorageUnavailable, shared_reading
from storage.servers import ServerSettings
from tests.support.queries import recorded_statements
from tests.support.stored_jobs import queue


async def session_of(database: Database) -> int:
    async with database.reading() as session:
        return id(session)


async def test_what_one_task_reads_shares_a_session(database: Database) -> None:
    await queue(database)
    with recorded_statements() as statements:
        async with database.reading_at_once():
            first = await session_of(database)
            assert await members.get_preferences(database, 1) == members.Preferences()
            async with database.reading_at_once():
                assert await session_of(database) == first
            assert await session_of(database) == first
            assert (await servers.get_settings(database, 1)).keep_days == 0
    assert sum(one.startswith("SELECT") for one in statements) == 2
    assert sum(one.startswith("BEGIN") for one in statements) <= 1  # Postgres begins by itself


async def test_a_block_that_reads_nothing_begins_nothing(database: Database) -> None:
    with recorded_statements() as statements:
        async with database.reading_at_once():
            pass
    assert not statements


async def test_other_tasks_have_sessions_of_their_own(database: Database) -> None:
    async with database.reading_at_once(), database.reading() as mine:
        others = await asyncio.gather(session_of(database), session_of(database))
        assert id(mine) not in others


async def test_what_was_written_within_is_read(database: Database) -> None:
    async with database.reading_at_once():
        assert (await servers.get_settings(database, 1)).keep_days == 0
        await servers.save_settings(database, ServerSettings(1, keep_days=7))
        assert (await servers.get_settings(database, 1)).keep_days == 7


async def test_many_who_write_within_wait_for_no_connection(database: Database) -> None:
    """Each would otherwise keep one connection of a few, and wait for a second."""

    async def write(server_id: int) -> None:
        async with database.reading_at_once():
            await servers.get_settings(database, server_id)
            await servers.save_settings(database, ServerSettings(server_id, keep_days=server_id))
            assert (await servers.get_settings(database, server_id)).keep_days == server_id

    await asyncio.gather(*(write(server_id) for server_id in range(1, 61)))


async def test_who_waits_for_something_else_within_keeps_no_connection(database: Database) -> None:
    """As for a thread, while all threads are busy: there are more members than connections."""
    waiting = asyncio.Barrier(30)

    async def read(server_id: int) -> None:
        async with database.reading_at_once():
            await servers.get_settings(database, server_id)
            await waiting.wait()
            assert (await servers.get_settings(database, server_id)).keep_days == 0

    await asyncio.gather(*(read(server_id) for server_id in range(1, 31)))


async def test_a_reading_that_takes_long_keeps_its_session(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_reading, "MAX_REST_S", 0.0)
    async with database.reading_at_once():
        async with database.reading() as session:
            for _ in range(3):
                assert await session.scalar(text("SELECT 1")) == 1
                # One within the other.
                assert await session_of(database) == id(session)
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)
        assert (await servers.get_settings(database, 1)).keep_days == 0


async def test_after_an_error_within_it_goes_on(database: Database) -> None:
    async with database.reading_at_once():
        await servers.get_settings(database, 1)
        with pytest.raises((SQLAlchemyError, StorageUnavailable)):
            async with database.reading() as session:
                await session.execute(text("SELECT 1 FROM nowhere"))
        assert (await servers.get_settings(database, 1)).keep_days == 0


async def test_one_that_is_cancelled_gives_its_connection_back(database: Database) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with database.reading_at_once():
            await session_of(database)
            begun.set()
            await asyncio.Event().wait()

    for _ in range(30):
        task = asyncio.create_task(read())
        await begun.wait()
        begun.clear()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await servers.get_settings(database, 1)).keep_days == 0


async def test_a_closed_database_is_said(database: Database) -> None:
    await database.close()
    async with database.reading_at_once():
        with pytest.raises(StorageUnavailable, match="closed"):
            await servers.get_settings(database, 1)

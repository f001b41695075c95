"""How often the bot asks the database for one job: each time costs both of them CPU."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiosqlite
import asyncpg  # type: ignore[import-untyped]
import pytest
from asyncpg.transaction import Transaction  # type: ignore[import-untyped]
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from storage import jobs
from storage.database import Database, postgres
from storage.jobs import leases
from storage.models import JobState
from tests.support.postgres import execute
from tests.support.stored_jobs import claim, new_job, queue, read


@contextmanager
def counted(target: type, name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Count the calls of a method while the block lasts."""
    calls: list[object] = []
    original: Callable[..., Any] = getattr(target, name)

    def counting(*args: Any, **options: Any) -> Any:
        calls.append(args)
        return original(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(target, name, counting)
        yield calls


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Count statements, without those that only begin a transaction."""
    asked: list[str] = []

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", count)


async def test_a_job_is_queued_claimed_and_finished_with_twelve_statements(
    database: Database,
) -> None:
    new = new_job(counted_pictures=2)
    for _ in range(2):  # the first makes the rows of its member
        await jobs.add(database, [new], limit=None)
        await queue(database)
        await jobs.finish(database, (await claim(database)).id, [])
    await queue(database, counted_pictures=2)
    with counted_statements() as adding:
        await jobs.add(database, [new], limit=None)
    with counted_statements() as claiming:
        claimed = await claim(database)
    with counted_statements() as finishing:
        assert await jobs.finish(database, claimed.id, [], lease=claimed.lease)
    assert len(adding) <= 5, adding
    assert len(claiming) <= 4, claiming
    assert len(finishing) <= 3, finishing


async def test_sqlite_s_thread_is_asked_once_for_a_statement(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind != "sqlite":
        pytest.skip("Postgres is asked without a thread")
    await queue(database)
    with counted(aiosqlite.Connection, "_execute", monkeypatch) as visits:
        async with database.reading() as session:
            await session.scalar(text("SELECT 1"))
    # It begins, asks and commits.
    assert len(visits) == 3


async def test_a_connection_is_asked_whether_it_is_alive_only_after_a_rest(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "sqlite":
        pytest.skip("a file has no connections to lose")
    await queue(database)
    with counted(Transaction, "start", monkeypatch) as begun:
        async with database.reading() as session:
            await session.scalar(text("SELECT 1"))
    assert len(begun) == 1
    monkeypatch.setattr(postgres, "MAX_UNASKED_S", -1.0)
    with counted(Transaction, "start", monkeypatch) as begun:
        async with database.reading() as session:
            await session.scalar(text("SELECT 1"))
    assert len(begun) == 2  # it is asked in a transaction of its own


async def test_a_connection_that_broke_without_a_sign_is_found_by_asking(
    database: Database, kind: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "sqlite":
        pytest.skip("a file has no connections to lose")
    await queue(database)
    monkeypatch.setattr(postgres, "MAX_UNASKED_S", -1.0)
    async with database.reading() as session:
        backend = await session.scalar(text("SELECT pg_backend_pid()"))
    await execute(url, f"SELECT pg_terminate_backend({backend})")
    noticed, asked = asyncpg.Connection.is_closed, 0

    def not_yet(self: asyncpg.Connection) -> bool:
        nonlocal asked
        asked += 1
        return asked > 1 and noticed(self)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "is_closed", not_yet)
        assert await claim(database)
    assert asked > 1


async def test_postgres_plans_a_claim_once(database: Database, kind: str) -> None:
    if kind == "sqlite":
        pytest.skip("SQLite keeps its plans anyway")
    await queue(database, count=20)
    for _ in range(12):  # after five, it knows whether the values matter
        await claim(database)
    async with database.reading() as session:
        plans = await session.execute(
            text(
                "SELECT generic_plans FROM pg_prepared_statements"
                " WHERE statement LIKE 'WITH latest AS%LIMIT%'"
            )
        )
        assert max(plans.scalars()) > 0


async def test_statements_that_are_made_once_lease_for_as_long_as_is_said_when_they_run(
    database: Database, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "sqlite":
        pytest.skip("the leases of a file do not end")
    await queue(database, count=2)
    kept = await claim(database)
    monkeypatch.setattr(leases, "LEASE_S", -1.0)
    lost = await claim(database)
    assert await leases.requeue_expired(database) == 1
    assert (await read(database, lost.id)).state is JobState.QUEUED
    assert (await read(database, kept.id)).state is JobState.RUNNING

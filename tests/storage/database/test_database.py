"""Opening, waiting for locks, and the messages when the database is unavailable."""

import asyncio
import sqlite3
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from storage import jobs
from storage.database import Database, StorageUnavailable, errors, migrate, someone_waits
from storage.database.postgres import RANDOM_PAGE_COST
from storage.models import JobState, MemberRow, ServerRow
from tests.support.postgres import execute
from tests.support.stored_jobs import claim, new_job, queue

Lock = Callable[[], AbstractAsyncContextManager[None]]


@pytest.fixture
def locked(migrated: str) -> Lock:
    """Keeps all writers out for a while, as a backup or another program may."""

    @asynccontextmanager
    async def lock() -> AsyncIterator[None]:
        if migrated.startswith("sqlite"):
            connection = sqlite3.connect(migrated.removeprefix("sqlite:///"), isolation_level=None)
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("COMMIT")
            connection.close()
        else:
            other = await asyncpg.connect(migrated)
            async with other.transaction():
                await other.execute("LOCK TABLE jobs, members IN EXCLUSIVE MODE")
                yield
            await other.close()

    return lock


async def test_writers_wait_out_a_lock_and_readers_do_not(database: Database, locked: Lock) -> None:
    (queued,) = await queue(database)
    async with locked():
        writers = [
            asyncio.create_task(jobs.add(database, [new_job(m)], limit=3)) for m in range(10)
        ]
        writers.append(asyncio.create_task(jobs.attach_message(database, queued.id, 1, 2)))
        await asyncio.sleep(2)  # this is the fault itself: locked for seconds
        assert not any(writer.done() for writer in writers)
        assert await jobs.get(database, queued.id) == queued
    await asyncio.gather(*writers)
    assert [len(await jobs.open_jobs(database, m)) for m in range(10)] == [1, 2] + [1] * 8


async def test_many_writers_to_a_file_take_turns_and_no_connection_from_readers(
    database: Database, locked: Lock
) -> None:
    if database.is_shared:
        pytest.skip("Postgres has a lock for each row")
    turns: list[int] = []

    async def write(number: int) -> None:
        async with database.transaction():
            turns.append(number)

    async with locked():
        writers = [asyncio.create_task(write(number)) for number in range(40)]
        await asyncio.sleep(0)  # all of them have begun
        assert await jobs.open_jobs(database, 1) == ()
        assert not turns
    await asyncio.gather(*writers)
    # In the order in which they came, not by chance.
    assert turns == [*range(40)]


async def test_who_writes_while_a_member_waits_goes_before_those_in_the_background(
    database: Database, locked: Lock
) -> None:
    if database.is_shared:
        pytest.skip("Postgres has a lock for each row")
    turns: list[str] = []

    async def write(who: str, waits: bool) -> None:
        someone_waits.set(waits)
        async with database.transaction():
            turns.append(who)

    async with locked():
        writers = [asyncio.create_task(write("background", False)) for _ in range(9)]
        await asyncio.sleep(0)
        writers += [asyncio.create_task(write("asked", True)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not turns
    await asyncio.gather(*writers)
    # The first in the background had its turn before the others came.
    assert turns == ["background", *["asked"] * 3, *["background"] * 8]


async def test_a_lock_that_stays_is_said(
    migrated: str, locked: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "TIMEOUT_S", 0.3)
    async with Database(migrated) as database:
        async with locked():
            with pytest.raises(StorageUnavailable, match=r"0\.3 s\.$"):
                await jobs.add(database, [new_job()], limit=3)
        await jobs.add(database, [new_job()], limit=1)


async def test_a_cancelled_writer_leaves_no_lock(database: Database, locked: Lock) -> None:
    async with locked():
        writers = [
            asyncio.create_task(jobs.add(database, [new_job()], limit=None)) for _ in range(5)
        ]
        await asyncio.sleep(0.2)  # far enough for them to be waiting inside the database
        for writer in writers:
            writer.cancel()
    answers = await asyncio.gather(*writers, return_exceptions=True)
    assert {type(answer) for answer in answers} == {asyncio.CancelledError}
    await asyncio.gather(*(jobs.add(database, [new_job()], limit=None) for _ in range(20)))
    assert len(await jobs.open_jobs(database, 1)) == 20


async def test_an_error_rolls_back(database: Database) -> None:
    (job,) = await queue(database)

    async def spoil() -> None:
        async with database.transaction() as session:
            await session.execute(text("UPDATE jobs SET state = 'done'"))
            raise FileNotFoundError  # the caller's own, though it is an OSError

    with pytest.raises(FileNotFoundError):
        await spoil()
    assert (await claim(database)).id == job.id


async def test_our_own_mistakes_stay_what_they_are(database: Database) -> None:
    with pytest.raises((ProgrammingError, StorageUnavailable), match="nonsense"):
        async with database.transaction() as session:
            await session.execute(text("nonsense"))
    with pytest.raises(IntegrityError) as refusal:  # found at the commit, which is inside
        async with database.transaction() as session:
            session.add(ServerRow(server_id=1, style="a secret", jobs_per_member=None))
    assert "a secret" not in str(refusal.value)  # what people write has no place in a log


@pytest.mark.parametrize("column", ["state", "kind"])
async def test_the_database_itself_refuses_what_has_no_meaning(
    database: Database, column: str
) -> None:
    await queue(database)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text(f"UPDATE jobs SET {column} = 'nonsense'"))


@pytest.mark.parametrize("change", ["member_id = 99", f"parent_id = '{'0' * 32}'"])
async def test_the_database_itself_refuses_what_refers_to_nothing(
    database: Database, change: str
) -> None:
    await queue(database)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(text(f"UPDATE jobs SET {change}"))


async def test_times_come_back_in_utc(database: Database) -> None:
    elsewhere = datetime(2026, 3, 29, 2, 30, 0, 123456, timezone(timedelta(hours=5, minutes=30)))
    async with database.transaction() as session:
        session.add(MemberRow(id=2**62, name="Ann", first_seen=elsewhere))
    async with database.reading() as session:
        first_seen = await session.scalar(select(MemberRow.first_seen))
    assert first_seen == elsewhere
    assert first_seen.tzinfo is UTC or first_seen.utcoffset() == timedelta(0)


async def test_a_lost_connection_is_made_anew(database: Database, kind: str, url: str) -> None:
    if kind == "sqlite":
        pytest.skip("a file has no connections to lose")
    await queue(database)
    async with database.reading() as session:
        name = await session.scalar(text("SELECT current_database()"))
    await execute(
        url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    )
    assert (await claim(database)).state is JobState.RUNNING


async def test_a_database_without_tables_says_so(url: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    async with Database(url) as database:
        with pytest.raises(StorageUnavailable, match="darkroom migrate"):
            await jobs.claim_next(database)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "cannot be read"),
        ("darkroom.sqlite", "cannot be read"),
        ("postgresql://ann:s3cret@host:port/x", "cannot be read"),
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("mysql://ann:s3cret@host/x", "'mysql' is not supported"),
    ],
)
async def test_an_address_that_cannot_be_one(url: str, told: str) -> None:
    with pytest.raises(StorageUnavailable, match=told) as refusal:
        Database(url)
    assert_one_sentence(refusal.value)
    with pytest.raises(StorageUnavailable, match=told):
        await migrate(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:s3cret@127.0.0.1:1/x",
        "postgres://ann:s3cret@127.0.0.1:1/x?sslmode=disable",
        "postgresql+psycopg://ann:s3cret@127.0.0.1:1/x",
        "postgresql://ann:s3cret@nowhere.invalid/x",
        "postgresql://ann:s3cret@127.0.0.1:1/x?no_such_option=1",
        "postgresql://ann@127.0.0.1:1/x?password=s3cret&sslmode=nonsense",
        "sqlite:////dev/null/x.sqlite",
        "sqlite:////dev",
    ],
)
async def test_what_cannot_be_reached_is_said_in_one_sentence(url: str) -> None:
    async with Database(url) as database:
        for attempt in (jobs.claim_next(database), migrate(url)):
            with pytest.raises(StorageUnavailable) as refusal:
                await attempt
            assert_one_sentence(refusal.value)


async def test_a_missing_postgres_database_is_said(postgres_server: str) -> None:
    async with Database(postgres_server.replace("/postgres?", "/missing?")) as database:
        with pytest.raises(StorageUnavailable, match='"missing" does not exist'):
            await jobs.claim_next(database)


async def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "holiday.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0" * 1000)
    with pytest.raises(StorageUnavailable, match="not a database"):
        await migrate(f"sqlite:///{file}")
    assert file.read_bytes() == b"\xff\xd8\xff\xe0" * 1000


async def test_a_full_disk_is_said(database: Database, kind: str) -> None:
    if kind == "postgres":
        pytest.skip("a Postgres of many databases cannot be filled by one")
    async with database.transaction() as session:
        await session.execute(text("PRAGMA max_page_count = 1"))  # as many as it has
    with pytest.raises(StorageUnavailable, match=r"cannot be used: database or disk is full\.$"):
        await jobs.add(database, [new_job(prompt="long " * 100_000)], limit=None)
    assert await jobs.open_jobs(database, 1) == ()


def assert_one_sentence(error: StorageUnavailable) -> None:
    assert "\n" not in str(error)
    assert str(error).endswith(".")
    assert "s3cret" not in "".join(traceback.format_exception(error))


async def test_postgres_looks_rows_up_unless_its_operator_says_how_dear_that_is(
    postgres_url: str,
) -> None:
    asked = text("SHOW random_page_cost")
    async with Database(postgres_url) as database, database.reading() as session:
        assert float(await session.scalar(asked) or 0) == RANDOM_PAGE_COST
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    await execute(postgres_url, f"ALTER DATABASE {name} SET random_page_cost = 2.5")
    async with Database(postgres_url) as database, database.reading() as session:
        assert await session.scalar(asked) == "2.5"

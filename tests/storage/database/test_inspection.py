"""How a database stands, of both kinds, and that looking changes nothing."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from storage.database import StorageUnavailable, inspect_database, inspection, migrate
from storage.database.migration import migration_config


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'darkroom.db'}"
    return str(request.getfixturevalue("postgres_url"))


async def change(url: str, statement: str) -> None:
    driver = "sqlite+aiosqlite" if url.startswith("sqlite") else "postgresql+asyncpg"
    engine = create_async_engine(make_url(url).set(drivername=driver))
    try:
        async with engine.begin() as connection:
            if statement.startswith("migrate to "):
                revision = statement.rpartition(" ")[2]

                def upgrade(connection: Connection) -> None:
                    command.upgrade(migration_config(connection), revision)

                await connection.run_sync(upgrade)
            else:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def test_before_the_first_start(url: str, tmp_path: Path) -> None:
    state = await inspect_database(url)
    assert not state.exists
    assert os.listdir(tmp_path) == []


async def test_after_it(url: str) -> None:
    await migrate(url)
    state = await inspect_database(url)
    assert state.exists
    assert state.schema == state.newest
    assert state.schema_title
    assert state.not_writable is None
    assert state.size_bytes > 10_000


async def test_an_old_and_a_newer_schema(url: str) -> None:
    await change(url, "migrate to 0003")
    old = await inspect_database(url)
    assert (old.schema, old.newest > "0003") == ("0003", True)
    assert old.schema_title
    assert (await inspect_database(url)).schema == "0003", "looking migrates nothing"
    await change(url, "UPDATE alembic_version SET version_num = '9999'")
    newer = await inspect_database(url)
    assert (newer.schema, newer.schema_title) == ("9999", None)


async def test_locked_by_another_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "LOCK_TIMEOUT_S", 0)
    file = tmp_path / "darkroom.db"
    await migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        state = await inspect_database(f"sqlite:///{file}")
        assert state.not_writable == "database is locked"
        other.rollback()
    assert (await inspect_database(f"sqlite:///{file}")).not_writable is None


async def test_not_writable_for_its_user(postgres_url: str) -> None:
    await migrate(postgres_url)
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    await change(postgres_url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    state = await inspect_database(postgres_url)
    assert state.not_writable is not None
    assert "read-only transaction" in state.not_writable


async def test_no_database_at_all(tmp_path: Path) -> None:
    file = tmp_path / "darkroom.db"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(StorageUnavailable):
        await inspect_database(f"sqlite:///{file}")
